import { COUNTS } from "./check-json-schema.ts";
import { isRecord } from "./json-schema.ts";

/** Whether this is the schema type of `@google/genai`, whose types are written in capitals. */
export function isGenaiSchema(schema: Readonly<Record<string, unknown>>): boolean {
  const type = schema["type"];
  return typeof type === "string" && type !== "" && type === type.toUpperCase();
}

/** The same in JSON Schema: types in small letters, counts as numbers, `nullable` as it is. */
export function genaiToJsonSchema(schema: unknown): unknown {
  if (!isRecord(schema)) return schema;
  const result: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema))
    if (keyword === "type") {
      if (value !== "TYPE_UNSPECIFIED")
        result[keyword] = typeof value === "string" ? value.toLowerCase() : value;
    } else if (keyword === "items") result[keyword] = genaiToJsonSchema(value);
    else if (keyword === "anyOf" && Array.isArray(value))
      result[keyword] = value.map(genaiToJsonSchema);
    else if (keyword === "properties" && isRecord(value))
      result[keyword] = Object.fromEntries(
        Object.entries(value).map(([name, property]) => [name, genaiToJsonSchema(property)]),
      );
    else if (COUNTS.includes(keyword) && typeof value === "string") result[keyword] = Number(value);
    else if (keyword === "example") result["examples"] = [value];
    else result[keyword] = value;
  return result;
}
