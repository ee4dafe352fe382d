import type { LlmRequest } from "@adk/core";

/** What a model was sent, without what two equal runs need not share: the ids of the calls are numbered at first sight. */
export function neutralRequest({ contents, config, toolsDict }: LlmRequest): string {
  const ids = new Map<string, string>();
  return JSON.stringify(
    [contents, config?.systemInstruction ?? null, Object.keys(toolsDict).toSorted()],
    (key, value: unknown) => {
      if (key !== "id" || typeof value !== "string") return value;
      const label = ids.get(value) ?? `c${ids.size + 1}`;
      ids.set(value, label);
      return label;
    },
  );
}

/** A short text that tells texts apart. */
export function hash(text: string): string {
  let one = 0xdeadbeef;
  let two = 0x41c6ce57;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    one = Math.imul(one ^ code, 2_654_435_761);
    two = Math.imul(two ^ code, 1_597_334_677);
  }
  one = Math.imul(one ^ (one >>> 16), 2_246_822_507) ^ Math.imul(two ^ (two >>> 13), 3_266_489_909);
  two = Math.imul(two ^ (two >>> 16), 2_246_822_507) ^ Math.imul(one ^ (one >>> 13), 3_266_489_909);
  return ((two >>> 0) * 2 ** 21 + ((one >>> 0) >>> 11)).toString(36);
}
