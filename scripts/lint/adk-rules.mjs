// Rules of this repository that no linter has. Loaded by .oxlintrc.json as `adk/…`.

const BARE = /^(?:Error|TypeError|RangeError|ReferenceError|SyntaxError|AggregateError)$/;

const errorWithCode = {
  meta: { type: "problem", docs: { description: "errors of @adk/* are AdkErrors with a code" } },
  create(context) {
    const check = (node) => {
      if (node.callee.type === "Identifier" && BARE.test(node.callee.name)) {
        context.report({
          node,
          message: `Make an AdkError with a code and the next step instead of a bare ${node.callee.name}.`,
        });
      }
    };
    return { NewExpression: check, CallExpression: check };
  },
};

export default { meta: { name: "adk" }, rules: { "error-with-code": errorWithCode } };
