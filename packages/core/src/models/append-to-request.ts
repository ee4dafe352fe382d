import type {
  Content,
  FunctionDeclaration,
  GenerateContentConfig,
  Part,
  SchemaUnion,
  Tool,
} from "../content/content.ts";
import { AdkError } from "../errors.ts";
import { getOwn, setOwn } from "../internal/json.ts";
import type { BaseTool } from "../tools/base-tool.ts";
import type { LlmRequest } from "./llm-request.ts";

/** Adds texts to the system instruction, each set apart by a blank line. */
export function appendInstructions(llmRequest: LlmRequest, instructions: readonly string[]): void {
  if (instructions.length === 0) return;
  const text = instructions.join("\n\n");
  const config = configOf(llmRequest);
  const existing = config.systemInstruction;
  if (existing === undefined || existing === "") config.systemInstruction = text;
  else if (typeof existing === "string") config.systemInstruction = `${existing}\n\n${text}`;
  else config.systemInstruction = withText(existing, text);
}

/**
 * Adds tools: their declarations, all in one entry of `config.tools`, and the tools in `toolsDict`.
 *
 * A tool without a declaration only shapes requests and adds nothing. The same tool twice counts once.
 *
 * @throws {@link AdkError} `INVALID_ARGUMENT` when two tools have one name.
 */
export function appendTools(llmRequest: LlmRequest, tools: readonly BaseTool[]): void {
  const added: FunctionDeclaration[] = [];
  for (const tool of tools) {
    const declaration = tool._getDeclaration();
    if (declaration === undefined) continue;
    const existing = getOwn(llmRequest.toolsDict, tool.name);
    if (existing === tool) continue;
    if (existing !== undefined) throw sameName(existing, tool);
    setOwn(llmRequest.toolsDict, tool.name, tool);
    added.push(declaration);
  }
  if (added.length === 0) return;
  const config = configOf(llmRequest);
  const entries = config.tools ?? [];
  const index = entries.findIndex((entry) => "functionDeclarations" in entry);
  const entry: Tool = index < 0 ? {} : (entries[index] as Tool);
  const whole = {
    ...entry,
    functionDeclarations: [...(entry.functionDeclarations ?? []), ...added],
  };
  config.tools =
    index < 0 ? [...entries, whole] : entries.map((other, at) => (at === index ? whole : other));
}

/** Asks for an answer in JSON that fits the schema. */
export function setOutputSchema(llmRequest: LlmRequest, schema: SchemaUnion): void {
  const config = configOf(llmRequest);
  config.responseSchema = schema;
  config.responseMimeType = "application/json";
}

function configOf(llmRequest: LlmRequest): GenerateContentConfig {
  return (llmRequest.config ??= {});
}

function withText(
  existing: Exclude<GenerateContentConfig["systemInstruction"], string | undefined>,
  text: string,
): Content {
  if (!Array.isArray(existing) && "parts" in existing)
    return { ...existing, parts: [...(existing.parts ?? []), { text }] };
  const parts = Array.isArray(existing) ? existing : [existing as Part];
  return {
    parts: [...parts.map((part) => (typeof part === "string" ? { text: part } : part)), { text }],
  };
}

function sameName(first: BaseTool, second: BaseTool): AdkError {
  return new AdkError(
    "INVALID_ARGUMENT",
    `Two tools are named ${first.name}: ${describe(first)} and ${describe(second)}. Rename one of them, or give its toolset a prefix.`,
    { details: { name: first.name } },
  );
}

function describe(tool: BaseTool): string {
  const description =
    tool.description.length > 60 ? `${tool.description.slice(0, 57)}…` : tool.description;
  return `a ${tool.constructor.name} ("${description}")`;
}
