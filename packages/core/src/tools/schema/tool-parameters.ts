import type { FunctionDeclaration, Schema } from "../../content/content.ts";
import { AdkError } from "../../errors.ts";
import { deepFreeze, setOwn } from "../../internal/json.ts";
import type { StandardResult, StandardSchemaV1 } from "../../internal/standard-schema.ts";
import { isRecord, type JsonSchema, resolveReference } from "./json-schema.ts";
import { readSchema } from "./read-schema.ts";

/** What a tool's parameters may be written in; `undefined`: the tool takes none. */
export type ToolInputParameters = StandardSchemaV1 | JsonSchema | Schema | undefined;

/** What a schema of a Standard Schema library gives after validation. */
export type InferOutput<TSchema extends StandardSchemaV1> = NonNullable<
  TSchema["~standard"]["types"]
>["output"];

/** The arguments as `execute` gets them, inferred from the parameters. */
export type ToolExecuteArgument<TParameters extends ToolInputParameters> = [TParameters] extends [
  undefined,
]
  ? Record<string, never>
  : TParameters extends StandardSchemaV1
    ? InferOutput<TParameters>
    : Record<string, unknown>;

/** A tool's parameters ready for use. */
export interface ToolParameters {
  /** The part of the declaration that says them; frozen. */
  readonly declaration: Pick<FunctionDeclaration, "parameters" | "parametersJsonSchema">;
  /** The arguments as the tool shall get them, or what is wrong with them. */
  validate(
    args: Record<string, unknown>,
  ): StandardResult<unknown> | Promise<StandardResult<unknown>>;
}

const NONE: ToolParameters = { declaration: {}, validate: () => ({ value: {} }) };

/**
 * Reads the parameters of a tool. Arguments that a plain schema does not name are dropped, unless it says
 * `additionalProperties` or names none at all; a Standard Schema decides for itself.
 *
 * @param where as the error shall name it: `Tool weather: \`parameters\``.
 * @throws {@link AdkError} `INVALID_ARGUMENT` for what is no schema of an object.
 */
export function readToolParameters(parameters: unknown, where: string): ToolParameters {
  if (parameters === undefined) return NONE;
  const schema = readSchema(parameters, where);
  const jsonSchema = asObjectSchema(schema.jsonSchema, where);
  if (schema.isStandard)
    return { declaration: { parametersJsonSchema: jsonSchema }, validate: schema.validate };
  const names = namedProperties(jsonSchema, jsonSchema);
  return {
    declaration: schema.genaiSchema
      ? { parameters: schema.genaiSchema }
      : { parametersJsonSchema: jsonSchema },
    validate: (args) => schema.validate(names === undefined ? args : pick(args, names)),
  };
}

/** The schema with `type: "object"` at its root, where models expect it. */
function asObjectSchema(schema: JsonSchema, where: string): JsonSchema {
  if (schema.type === "object") return schema;
  if (typeof schema.$ref === "string") {
    const found = resolveReference(schema, schema.$ref);
    const { $ref: reference, ...rest } = schema;
    if (isRecord(found) && found["$ref"] === undefined && reference !== "#")
      return asObjectSchema({ ...found, ...rest }, where);
  }
  if (schema.type === undefined && saysObject(schema, schema, 0))
    return deepFreeze({ type: "object", ...schema });
  throw new AdkError(
    "INVALID_ARGUMENT",
    `${where} must describe an object: the arguments by name. Put the schema into one, as { type: "object", properties: { value: … } }, or leave \`parameters\` out for a tool without arguments.`,
  );
}

function saysObject(schema: unknown, root: unknown, depth: number): boolean {
  if (!isRecord(schema) || depth > 20) return false;
  if (schema["type"] !== undefined) return schema["type"] === "object";
  if (isRecord(schema["properties"])) return true;
  const inner = (one: unknown): boolean => saysObject(one, root, depth + 1);
  if (typeof schema["$ref"] === "string" && inner(resolveReference(root, schema["$ref"])))
    return true;
  if (Array.isArray(schema["allOf"]) && schema["allOf"].some(inner)) return true;
  return ["anyOf", "oneOf"].some((keyword) => {
    const list = schema[keyword];
    return Array.isArray(list) && list.length > 0 && list.every(inner);
  });
}

/** Names of the arguments of a plain schema; `undefined` when it takes any. */
function namedProperties(schema: unknown, root: unknown, depth = 0): Set<string> | undefined {
  if (!isRecord(schema) || depth > 20) return new Set();
  const additional = schema["additionalProperties"];
  if (additional !== undefined && additional !== false) return undefined;
  if (schema["patternProperties"] !== undefined) return undefined;
  const inner: unknown[] = [];
  for (const keyword of ["anyOf", "oneOf", "allOf"])
    if (Array.isArray(schema[keyword])) inner.push(...(schema[keyword] as unknown[]));
  if (typeof schema["$ref"] === "string") inner.push(resolveReference(root, schema["$ref"]));
  const properties = schema["properties"];
  if (depth === 0 && !isRecord(properties) && inner.length === 0 && additional === undefined)
    return undefined;
  const names = new Set(isRecord(properties) ? Object.keys(properties) : []);
  for (const one of inner) {
    const more = namedProperties(one, root, depth + 1);
    if (more === undefined) return undefined;
    for (const name of more) names.add(name);
  }
  return names;
}

function pick(args: Record<string, unknown>, names: ReadonlySet<string>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(args)) if (names.has(name)) setOwn(result, name, args[name]);
  return result;
}
