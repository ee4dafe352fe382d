import type { Content, Part } from "@adk/core";

/**
 * What a filter has left, and the contents that it must not drop alone: the call of a response that stays, and the response
 * of a call that stays. Each stands where it stood beside its partner.
 */
export function withPartners(contents: readonly Content[], left: readonly Content[]): Content[] {
  const calls = placesOf(contents, ({ functionCall }) => functionCall?.id);
  const responses = placesOf(contents, ({ functionResponse }) => functionResponse?.id);
  const called = new Set(idsOf(left, ({ functionCall }) => functionCall?.id));
  const answered = new Set(idsOf(left, ({ functionResponse }) => functionResponse?.id));
  const result: Content[] = [];
  const add = (content: Content | undefined): void => {
    if (content && !result.includes(content)) result.push(content);
  };
  for (const content of left) {
    for (const id of idsOf([content], ({ functionResponse }) => functionResponse?.id))
      if (!called.has(id)) add(calls.get(id));
    add(content);
    for (const id of idsOf([content], ({ functionCall }) => functionCall?.id))
      if (!answered.has(id)) add(responses.get(id));
  }
  return result;
}

type IdOf = (part: Part) => string | undefined;

function placesOf(contents: readonly Content[], idOf: IdOf): Map<string, Content> {
  return new Map(
    contents.flatMap((content) =>
      idsOf([content], idOf).map((id): [string, Content] => [id, content]),
    ),
  );
}

function idsOf(contents: readonly Content[], idOf: IdOf): string[] {
  return contents.flatMap(({ parts = [] }) => parts.flatMap((part) => idOf(part) ?? []));
}
