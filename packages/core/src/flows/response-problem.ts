import { describe } from "../internal/check-options.ts";

/** What a model answered with instead of an `LlmResponse`; `undefined` when it is one, as far as the engine reads it. */
export function responseProblem(response: unknown): string | undefined {
  if (!isRecord(response)) return describe(response);
  const { content } = response;
  if (isAbsent(content)) return undefined;
  if (!isRecord(content)) return `${describe(content)} as \`content\``;
  const { parts } = content;
  if (isAbsent(parts)) return undefined;
  if (!Array.isArray(parts)) return `${describe(parts)} as \`content.parts\``;
  for (const [index, part] of parts.entries()) {
    const problem = partProblem(part, `content.parts[${index}]`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function partProblem(part: unknown, path: string): string | undefined {
  if (!isRecord(part)) return `${describe(part)} as \`${path}\``;
  const { text, functionCall } = part;
  if (!isAbsent(text) && typeof text !== "string") return `${describe(text)} as \`${path}.text\``;
  if (isAbsent(functionCall)) return undefined;
  if (!isRecord(functionCall)) return `${describe(functionCall)} as \`${path}.functionCall\``;
  const { name, args } = functionCall;
  if (!isAbsent(name) && typeof name !== "string")
    return `${describe(name)} as \`${path}.functionCall.name\``;
  if (!isAbsent(args) && !isRecord(args))
    return `${describe(args)} as \`${path}.functionCall.args\``;
  return undefined;
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
