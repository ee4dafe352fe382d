import type { Content, LlmRequest, Part } from "@adk/core";

/** Puts a text in front of the system instruction, set apart by a blank line, whatever form that has. */
export function prependInstruction(llmRequest: LlmRequest, text: string): void {
  const config = (llmRequest.config ??= {});
  const existing = config.systemInstruction;
  if (existing === undefined || existing === "") config.systemInstruction = text;
  else if (typeof existing === "string") config.systemInstruction = `${text}\n\n${existing}`;
  else config.systemInstruction = withText(existing, text);
}

type Instruction = NonNullable<NonNullable<LlmRequest["config"]>["systemInstruction"]>;

function withText(existing: Exclude<Instruction, string>, text: string): Content {
  if (!Array.isArray(existing) && "parts" in existing)
    return { ...existing, parts: [{ text }, ...(existing.parts ?? [])] };
  const parts = Array.isArray(existing) ? existing : [existing as Part];
  return {
    parts: [{ text }, ...parts.map((part) => (typeof part === "string" ? { text: part } : part))],
  };
}
