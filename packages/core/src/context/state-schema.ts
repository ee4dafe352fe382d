import type { BaseAgent } from "../agents/base-agent.ts";
import { AdkError } from "../errors.ts";
import { describeIssues, type StandardSchemaV1 } from "../internal/standard-schema.ts";

/**
 * Checks one key against the state schema of the agent or of the nearest one above it that has any. Keys with a scope
 * prefix are not checked.
 *
 * @throws AdkError `INVALID_ARGUMENT` for a key that is not declared or a value that does not fit.
 */
export function checkAgainstStateSchema(agent: BaseAgent, key: string, value: unknown): void {
  const schema = schemaOf(agent);
  if (schema === undefined || key.includes(":")) return;
  const declared = declaredKeys(schema);
  if (!declared.has(key))
    throw new AdkError(
      "INVALID_ARGUMENT",
      `State ${key} is not declared. Add it to the \`stateSchema\` (${[...declared].join(", ")}), or use a prefix such as temp:.`,
    );
  if (value === undefined) return;
  const result = schema["~standard"].validate({ [key]: value });
  if (result instanceof Promise)
    throw new AdkError(
      "UNSUPPORTED",
      "The `stateSchema` validates asynchronously; state needs a synchronous one.",
    );
  const issues = (result.issues ?? []).filter(({ path }) => {
    const first = path?.[0];
    return String(typeof first === "object" ? first.key : first) === key;
  });
  if (issues.length > 0)
    throw new AdkError(
      "INVALID_ARGUMENT",
      `State ${key} does not fit the \`stateSchema\`: ${describeIssues(issues)}.`,
    );
}

function schemaOf(agent: BaseAgent | undefined): StandardSchemaV1 | undefined {
  return agent && (agent.stateSchema ?? schemaOf(agent.parentAgent));
}

const keysOfSchema: WeakMap<StandardSchemaV1, ReadonlySet<string>> = new WeakMap();

/**
 * @param owner whose schema it is, for the error.
 * @throws AdkError `INVALID_ARGUMENT` when the schema cannot say which keys it declares.
 */
export function declaredKeys(schema: StandardSchemaV1, owner?: string): ReadonlySet<string> {
  const known = keysOfSchema.get(schema);
  if (known) return known;
  let properties: unknown;
  try {
    properties = schema["~standard"].jsonSchema?.input({ target: "draft-2020-12" })["properties"];
  } catch {
    properties = undefined;
  }
  if (typeof properties !== "object" || properties === null)
    throw new AdkError(
      "INVALID_ARGUMENT",
      `${owner === undefined ? "A" : `${owner}: the`} \`stateSchema\` must be an object schema that can be written as JSON Schema: zod ≥ 4.2, arktype ≥ 2.1.28, or valibot wrapped in toStandardJsonSchema().`,
    );
  const keys: ReadonlySet<string> = new Set(Object.keys(properties));
  keysOfSchema.set(schema, keys);
  return keys;
}
