import type { Content } from "@adk/core";

/** How core begins what it quotes of other agents: no word of a person, though its role is `user`. */
const QUOTED = "For context:";

/**
 * The contents of the last `keep` invocations, all of them when there are fewer than `keep + removeAmount`.
 *
 * An invocation begins with a word of a person after something else. No response is left without its call.
 */
export function keepLastInvocations(
  contents: Content[],
  keep: number,
  removeAmount: number,
): Content[] {
  const starts = invocationStarts(contents);
  if (starts.length < keep + removeAmount) return contents;
  return contents.slice(withCalls(contents, starts[starts.length - keep] as number));
}

function invocationStarts(contents: readonly Content[]): number[] {
  return contents.flatMap((content, index) => {
    const before = contents[index - 1];
    return isHuman(content) && !(before && isHuman(before)) ? [index] : [];
  });
}

function isHuman({ role, parts = [] }: Content): boolean {
  return (
    role === "user" &&
    !parts.some(({ functionResponse }) => functionResponse) &&
    !parts[0]?.text?.startsWith(QUOTED)
  );
}

/** Moves the cut back until every response behind it has its call behind it, too. */
function withCalls(contents: readonly Content[], cut: number): number {
  const missing = new Set<string>();
  for (let index = contents.length - 1; index >= 0; index--) {
    const parts = contents[index]?.parts ?? [];
    for (const { functionResponse } of parts)
      if (functionResponse) missing.add(keyOf(functionResponse));
    for (const { functionCall } of parts) if (functionCall) missing.delete(keyOf(functionCall));
    if (index <= cut && missing.size === 0) return index;
  }
  return 0;
}

function keyOf({ id, name }: { id?: string; name?: string }): string {
  return id ?? `name:${name ?? ""}`;
}
