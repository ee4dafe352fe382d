// Rules of this repository that no linter has. Loaded by .oxlintrc.json as `adk/…`.

const BARE = /^(?:Error|TypeError|RangeError|ReferenceError|SyntaxError|AggregateError)$/;

/** `error instanceof Error ? error : new Error(…)`: what somebody else threw, made an error. */
function isWrapping(node, parent) {
  return (
    parent?.type === "ConditionalExpression" &&
    parent.alternate === node &&
    parent.test.type === "BinaryExpression" &&
    parent.test.operator === "instanceof"
  );
}

const errorWithCode = {
  meta: { type: "problem", docs: { description: "errors of @adk/* are AdkErrors with a code" } },
  create(context) {
    const check = (node) => {
      const { callee, parent } = node;
      if (callee.type === "Identifier" && BARE.test(callee.name) && !isWrapping(node, parent)) {
        context.report({
          node,
          message: `Make an AdkError with a code and the next step instead of a bare ${callee.name}.`,
        });
      }
    };
    return { NewExpression: check, CallExpression: check };
  },
};

export default { meta: { name: "adk" }, rules: { "error-with-code": errorWithCode } };
