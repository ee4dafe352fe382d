import { equalJson, getOwn } from "../../internal/json.ts";
import { describeIssues, type StandardIssue } from "../../internal/standard-schema.ts";
import { compilePattern } from "./check-json-schema.ts";
import { isRecord, type JsonSchema, resolveReference } from "./json-schema.ts";

type Path = readonly (string | number)[];

/**
 * What is wrong with a JSON value by a schema that `checkJsonSchema` has seen; empty when it fits.
 *
 * Understood: `type`, `nullable`, `enum`, `const`, `properties`, `required`, `additionalProperties`, `patternProperties`,
 * `min`/`maxProperties`, `items`, `prefixItems`, `min`/`maxItems`, `minimum`, `maximum` and their exclusive forms,
 * `min`/`maxLength`, `pattern`, `anyOf`, `oneOf`, `allOf` and local `$ref`. Every other keyword is told to the model and
 * not checked.
 */
export function validateJsonSchema(schema: JsonSchema | boolean, value: unknown): StandardIssue[] {
  return new Validation(schema).visit(schema, value, [], []);
}

class Validation {
  readonly #root: unknown;

  constructor(root: unknown) {
    this.#root = root;
  }

  /** `applied`: the schemas already being applied to this same value; one that comes back to itself says nothing new. */
  visit(schema: unknown, value: unknown, path: Path, applied: readonly object[]): StandardIssue[] {
    if (schema === false) return [{ message: "is not allowed", path }];
    if (!isRecord(schema) || applied.includes(schema)) return [];
    if (value === null && schema["nullable"] === true) return [];
    const mistyped = typeIssue(schema["type"], value);
    if (mistyped !== undefined) return [{ message: mistyped, path }];
    const here = [...applied, schema];
    return [
      ...valueIssues(schema, value).map((message) => ({ message, path })),
      ...(isRecord(value) ? this.#object(schema, value, path) : []),
      ...(Array.isArray(value) ? this.#array(schema, value, path) : []),
      ...this.#combined(schema, value, path, here),
    ];
  }

  #object(
    schema: Record<string, unknown>,
    value: Record<string, unknown>,
    path: Path,
  ): StandardIssue[] {
    const issues: StandardIssue[] = [];
    for (const name of (schema["required"] ?? []) as string[])
      if (getOwn(value, name) === undefined)
        issues.push({ message: "is required", path: [...path, name] });
    const properties = (schema["properties"] ?? {}) as Record<string, unknown>;
    const patterns = Object.entries((schema["patternProperties"] ?? {}) as Record<string, unknown>);
    for (const name of Object.keys(value)) {
      if (value[name] === undefined) continue;
      const schemas = patterns
        .filter(([pattern]) => compilePattern(pattern)?.test(name))
        .map(([, s]) => s);
      if (Object.hasOwn(properties, name)) schemas.push(properties[name]);
      if (schemas.length === 0) schemas.push(schema["additionalProperties"]);
      for (const one of schemas) issues.push(...this.visit(one, value[name], [...path, name], []));
    }
    return issues;
  }

  #array(schema: Record<string, unknown>, value: readonly unknown[], path: Path): StandardIssue[] {
    const first = (schema["prefixItems"] ?? []) as unknown[];
    return value.flatMap((item, index) =>
      this.visit(index < first.length ? first[index] : schema["items"], item, [...path, index], []),
    );
  }

  #combined(
    schema: Record<string, unknown>,
    value: unknown,
    path: Path,
    applied: readonly object[],
  ): StandardIssue[] {
    const issues: StandardIssue[] = [];
    const reference = schema["$ref"];
    if (typeof reference === "string")
      issues.push(...this.visit(resolveReference(this.#root, reference), value, path, applied));
    for (const one of (schema["allOf"] ?? []) as unknown[])
      issues.push(...this.visit(one, value, path, applied));
    for (const keyword of ["anyOf", "oneOf"]) {
      const alternatives = schema[keyword] as unknown[] | undefined;
      if (alternatives === undefined) continue;
      const results = alternatives.map((one) => this.visit(one, value, path, applied));
      const fitting = results.filter((result) => result.length === 0).length;
      if (fitting === 0) issues.push(...noneFits(results, path));
      else if (fitting > 1 && keyword === "oneOf")
        issues.push({ message: `fits ${fitting} alternatives where exactly one must fit`, path });
    }
    return issues;
  }
}

/** One alternative's issues stand for themselves; of more, each is told in short. */
function noneFits(results: readonly StandardIssue[][], path: Path): StandardIssue[] {
  if (results.length === 1) return results[0] ?? [];
  const told = results
    .slice(0, 5)
    .map((issues) =>
      describeIssues(
        issues
          .slice(0, 3)
          .map((issue) => ({ ...issue, path: (issue.path ?? []).slice(path.length) })),
      ),
    );
  return [{ message: `fits no alternative (${told.join(" | ")})`, path }];
}

function typeIssue(type: unknown, value: unknown): string | undefined {
  if (type === undefined) return undefined;
  const types = (Array.isArray(type) ? type : [type]) as string[];
  if (types.some((name) => isOfType(name, value))) return undefined;
  return `must be ${types.map(withArticle).join(" or ")}, got ${withArticle(typeName(value))}`;
}

function isOfType(type: string, value: unknown): boolean {
  if (type === "integer") return Number.isInteger(value);
  return typeName(value) === type;
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function withArticle(type: string): string {
  if (type === "null" || type === "undefined") return type;
  return `${/^[aeiou]/.test(type) ? "an" : "a"} ${type}`;
}

function valueIssues(schema: Record<string, unknown>, value: unknown): string[] {
  const issues: string[] = [];
  const limit = (keyword: string, fits: (bound: number) => boolean, text: string): void => {
    const bound = schema[keyword];
    if (typeof bound === "number" && !fits(bound)) issues.push(`must ${text} ${bound}`);
  };
  const choices = schema["enum"] as unknown[] | undefined;
  if (choices !== undefined && !choices.some((choice) => equalJson(choice, value)))
    issues.push(`must be one of ${choices.map((choice) => JSON.stringify(choice)).join(", ")}`);
  if ("const" in schema && !equalJson(schema["const"], value))
    issues.push(`must be ${JSON.stringify(schema["const"])}`);
  if (typeof value === "number") {
    limit("minimum", (bound) => value >= bound, "be at least");
    limit("maximum", (bound) => value <= bound, "be at most");
    limit("exclusiveMinimum", (bound) => value > bound, "be more than");
    limit("exclusiveMaximum", (bound) => value < bound, "be less than");
  }
  if (typeof value === "string") {
    limit("minLength", (bound) => [...value].length >= bound, "have a length of at least");
    limit("maxLength", (bound) => [...value].length <= bound, "have a length of at most");
    const pattern = schema["pattern"];
    if (typeof pattern === "string" && compilePattern(pattern)?.test(value) === false)
      issues.push(`must match the pattern ${pattern}`);
  }
  if (Array.isArray(value)) {
    limit("minItems", (bound) => value.length >= bound, "have a number of items of at least");
    limit("maxItems", (bound) => value.length <= bound, "have a number of items of at most");
  }
  if (isRecord(value)) {
    const count = Object.keys(value).length;
    limit("minProperties", (bound) => count >= bound, "have a number of properties of at least");
    limit("maxProperties", (bound) => count <= bound, "have a number of properties of at most");
  }
  return issues;
}
