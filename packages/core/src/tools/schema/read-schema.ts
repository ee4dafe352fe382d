import { AdkError } from "../../errors.ts";
import type { Schema } from "../../content/content.ts";
import { describe } from "../../internal/check-options.ts";
import { copyJson, deepFreeze } from "../../internal/json.ts";
import {
  isStandardSchema,
  type StandardResult,
  type StandardSchemaV1,
} from "../../internal/standard-schema.ts";
import { checkJsonSchema } from "./check-json-schema.ts";
import { genaiToJsonSchema, isGenaiSchema } from "./genai-schema.ts";
import { isRecord, type JsonSchema } from "./json-schema.ts";
import { validateJsonSchema } from "./validate-json-schema.ts";

/** A schema ready for use, whatever kind it was written in. */
export interface ReadSchema {
  /** What it says in JSON Schema, frozen. */
  readonly jsonSchema: JsonSchema;
  /** The schema as it was given, when it is one of `@google/genai`; frozen. */
  readonly genaiSchema?: Schema;
  /** Whether a library validates, rather than this package. */
  readonly isStandard: boolean;
  validate(value: unknown): StandardResult<unknown> | Promise<StandardResult<unknown>>;
}

/** Any schema a tool accepts: Standard Schema (zod, valibot, arktype …), JSON Schema, or `Schema` of `@google/genai`. */
export type AnySchema = StandardSchemaV1 | JsonSchema | Schema;

/** Without any of these a schema says nothing about a value. */
const KEYWORDS: ReadonlySet<string> = new Set<keyof JsonSchema>([
  "$ref",
  "type",
  "enum",
  "const",
  "anyOf",
  "oneOf",
  "allOf",
  "not",
  "properties",
  "required",
  "additionalProperties",
  "patternProperties",
  "minProperties",
  "maxProperties",
  "items",
  "prefixItems",
  "minItems",
  "maxItems",
  "uniqueItems",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "pattern",
  "format",
  "title",
  "description",
  "default",
  "examples",
  "nullable",
]);

/**
 * Reads a schema of any kind.
 *
 * @param where what it belongs to, as the error shall name it: `Tool weather: \`parameters\``.
 * @throws {@link AdkError} `INVALID_ARGUMENT` for what is no schema, or says what JSON Schema cannot say.
 */
export function readSchema(schema: unknown, where: string): ReadSchema {
  if (isStandardSchema(schema)) return readStandardSchema(schema, where);
  if (!isRecord(schema) || Object.keys(schema).length === 0 || !isPlain(schema))
    throw new AdkError(
      "INVALID_ARGUMENT",
      `${where} must be a schema, got ${isRecord(schema) ? "an empty object" : describe(schema)}. Give a Standard Schema (zod, valibot, arktype …) or a JSON Schema such as { type: "object", properties: { … } }.`,
    );
  const copy = copyJson(schema, { path: where });
  const genai = isGenaiSchema(schema);
  const jsonSchema = (genai ? genaiToJsonSchema(copy) : copy) as Record<string, unknown>;
  checkJsonSchema(jsonSchema, where);
  if (!Object.keys(jsonSchema).some((keyword) => KEYWORDS.has(keyword)))
    throw new AdkError(
      "INVALID_ARGUMENT",
      `${where} has no keyword of JSON Schema, only ${Object.keys(jsonSchema).slice(0, 5).join(", ")}. Give { type: "object", properties: { … } } where these are the properties.`,
    );
  delete jsonSchema["$schema"];
  deepFreeze(jsonSchema);
  return {
    jsonSchema,
    ...(genai ? { genaiSchema: deepFreeze(copy) as Schema } : {}),
    isStandard: false,
    validate(value) {
      const issues = validateJsonSchema(jsonSchema, value);
      return issues.length > 0 ? { issues } : { value };
    },
  };
}

/** A class instance that is no Standard Schema would be read as a schema that allows everything. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    prototype === Object.prototype ||
    prototype === null ||
    Object.hasOwn(prototype as object, "isPrototypeOf")
  );
}

function readStandardSchema(schema: StandardSchemaV1, where: string): ReadSchema {
  const jsonSchema = toJsonSchema(schema, where);
  return {
    jsonSchema,
    isStandard: true,
    validate: (value) => schema["~standard"].validate(value),
  };
}

function toJsonSchema(schema: StandardSchemaV1, where: string): JsonSchema {
  const { vendor, jsonSchema: converter } = schema["~standard"];
  if (typeof converter?.input !== "function")
    throw new AdkError(
      "INVALID_ARGUMENT",
      `${where}: this ${vendor} schema cannot be written as JSON Schema, which the model reads. ${wayOut(vendor)}`,
    );
  const options = { target: "draft-2020-12", ...LIBRARY_OPTIONS[vendor] };
  let written: unknown;
  try {
    written = converter.input(options);
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "").slice(0, 200) : "";
    throw new AdkError(
      "INVALID_ARGUMENT",
      `${where}: a part of this ${vendor} schema cannot be said in JSON Schema, which the model reads${reason ? ` (${reason})` : ""}. Use what JSON has, a text for a date for instance, and convert it in the schema (a transform) or in the tool.`,
      { cause: error },
    );
  }
  const copy = copyJson(written, { path: where }) as Record<string, unknown>;
  delete copy["$schema"];
  return deepFreeze(copy);
}

function cannotSay(): never {
  throw new AdkError("INVALID_ARGUMENT", "not a type that JSON has");
}

/** arktype would write "anything" for what JSON Schema cannot say, and then refuse whatever the model sends. */
const LIBRARY_OPTIONS: Readonly<Record<string, object>> = {
  arktype: {
    libraryOptions: { fallback: { date: cannotSay, domain: cannotSay, proto: cannotSay } },
  },
};

function wayOut(vendor: string): string {
  if (vendor === "valibot")
    return "Wrap it with `toStandardJsonSchema` of `@valibot/to-json-schema` (1.3 or newer).";
  if (vendor === "zod") return "Use zod 4.2 or newer.";
  if (vendor === "arktype") return "Use arktype 2.1.28 or newer.";
  return "Use a library version with Standard JSON Schema (`~standard.jsonSchema`), or give a plain JSON Schema.";
}
