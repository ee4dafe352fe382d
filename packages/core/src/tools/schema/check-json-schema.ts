import { AdkError } from "../../errors.ts";
import { isRecord, resolveReference } from "./json-schema.ts";

const TYPES = new Set(["object", "array", "string", "number", "integer", "boolean", "null"]);
const ONE_SCHEMA = ["items", "additionalProperties", "not"];
const LIST_OF_SCHEMAS = ["anyOf", "oneOf", "allOf", "prefixItems"];
const MAP_OF_SCHEMAS = ["properties", "patternProperties", "$defs", "definitions"];
const NUMBERS = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];
/** Keywords whose value is a count. */
export const COUNTS: readonly string[] = [
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "minProperties",
  "maxProperties",
];

/**
 * Checks that the keywords of a JSON Schema are what they must be, so that a mistake is found when a tool is made and not
 * when a model calls it.
 *
 * @throws {@link AdkError} `INVALID_ARGUMENT` with the path inside the schema.
 */
export function checkJsonSchema(root: unknown, where: string): void {
  check(root, root, where);
}

function check(schema: unknown, root: unknown, where: string): void {
  if (typeof schema === "boolean") return;
  if (!isRecord(schema)) throw refused(where, "must be a schema (an object or a boolean)");
  checkType(schema["type"], where);
  checkValues(schema, where);
  const reference = schema["$ref"];
  if (reference !== undefined) {
    const found = typeof reference === "string" ? resolveReference(root, reference) : undefined;
    if (!isRecord(found) && typeof found !== "boolean")
      throw refused(`${where}.$ref`, "must name a schema inside this one, as `#/$defs/name`");
  }
  for (const keyword of ONE_SCHEMA)
    if (schema[keyword] !== undefined) check(schema[keyword], root, `${where}.${keyword}`);
  for (const keyword of LIST_OF_SCHEMAS) {
    const list = schema[keyword];
    if (list === undefined) continue;
    if (!Array.isArray(list)) throw refused(`${where}.${keyword}`, "must be a list of schemas");
    for (const [index, item] of list.entries()) check(item, root, `${where}.${keyword}[${index}]`);
  }
  for (const keyword of MAP_OF_SCHEMAS) {
    const map = schema[keyword];
    if (map === undefined) continue;
    if (!isRecord(map)) throw refused(`${where}.${keyword}`, "must be an object of schemas");
    for (const key of Object.keys(map)) {
      if (keyword === "patternProperties") checkPattern(key, `${where}.${keyword}`);
      check(map[key], root, `${where}.${keyword}.${key}`);
    }
  }
}

function checkType(type: unknown, where: string): void {
  if (type === undefined) return;
  const types: unknown[] = Array.isArray(type) ? type : [type];
  if (types.length > 0 && types.every((name) => typeof name === "string" && TYPES.has(name)))
    return;
  throw refused(`${where}.type`, `must be one of ${[...TYPES].join(", ")}, or a list of them`);
}

function checkValues(schema: Record<string, unknown>, where: string): void {
  const required = schema["required"];
  if (
    required !== undefined &&
    !(Array.isArray(required) && required.every((name) => typeof name === "string"))
  )
    throw refused(`${where}.required`, "must be a list of property names");
  if (schema["enum"] !== undefined && !Array.isArray(schema["enum"]))
    throw refused(`${where}.enum`, "must be a list of values");
  for (const keyword of NUMBERS)
    if (schema[keyword] !== undefined && typeof schema[keyword] !== "number")
      throw refused(`${where}.${keyword}`, "must be a number");
  for (const keyword of COUNTS)
    if (schema[keyword] !== undefined && !isCount(schema[keyword]))
      throw refused(`${where}.${keyword}`, "must be a whole number, 0 or more");
  if (schema["pattern"] !== undefined) checkPattern(schema["pattern"], `${where}.pattern`);
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0;
}

function checkPattern(pattern: unknown, where: string): void {
  if (typeof pattern === "string" && compilePattern(pattern) !== undefined) return;
  throw refused(where, "must be a regular expression as text");
}

/** With Unicode rules where the pattern allows them; `undefined` when it is no pattern. */
export function compilePattern(pattern: string): RegExp | undefined {
  for (const flags of ["u", ""])
    try {
      return new RegExp(pattern, flags);
    } catch {
      continue;
    }
  return undefined;
}

function refused(where: string, must: string): AdkError {
  return new AdkError("INVALID_ARGUMENT", `${where} ${must}.`);
}
