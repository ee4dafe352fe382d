import type { Content, Part } from "../../content/content.ts";

const CHARACTERS_PER_TOKEN = 4;

/** Contents are frozen and shared: each is counted once. */
const characters: WeakMap<Content, number> = new WeakMap();

/** A guess at the tokens of contents, from their characters: texts, calls and responses. */
export function estimateTokens(contents: readonly Content[]): number {
  let total = 0;
  for (const content of contents) {
    let count = characters.get(content);
    if (count === undefined) {
      count = (content.parts ?? []).reduce((sum, part) => sum + lengthOf(part), 0);
      characters.set(content, count);
    }
    total += count;
  }
  return Math.floor(total / CHARACTERS_PER_TOKEN);
}

function lengthOf({ text, functionCall, functionResponse }: Part): number {
  let length = text?.length ?? 0;
  if (functionCall)
    length += (functionCall.name ?? "").length + JSON.stringify(functionCall.args ?? {}).length;
  if (functionResponse) length += JSON.stringify(functionResponse.response ?? {}).length;
  return length;
}
