import type { Content, FunctionCall, Part } from "@adk/core";

/** What was done to a request. */
export interface Repairs {
  /** Calls that got a response which says that their outcome is unknown. */
  answered: number;
  /** Responses that were put right behind their call. */
  moved: number;
  /** Responses that were left out: without a call, or a second one of the same call. */
  dropped: number;
}

/** What the model reads for a call whose response is nowhere. The words are core's own for an interrupted call. */
const UNKNOWN: Readonly<Record<string, unknown>> = Object.freeze({
  error: "The call was interrupted; its outcome is unknown.",
});

/**
 * Contents in which the content right behind each call holds the responses of its calls, in their order, and nothing else
 * responds. Contents that are in order are passed on as they are; when all are, so is the list.
 */
export function repairPairs(contents: Content[]): { contents: Content[]; repairs: Repairs } {
  const repairs: Repairs = { answered: 0, moved: 0, dropped: 0 };
  const used = new Set<Part>();
  const result: Content[] = [];
  for (let index = 0; index < contents.length; index++) {
    const content = contents[index] as Content;
    const next = contents[index + 1];
    const calls = (content.parts ?? []).flatMap(({ functionCall }) => functionCall ?? []);
    const rest = withoutResponses(content);
    if (calls.length > 0 && rest === content && next && respondsTo(next, calls)) {
      for (const part of next.parts ?? []) used.add(part);
      result.push(content, next);
      index++;
      continue;
    }
    if (rest) result.push(rest);
    if (calls.length === 0) continue;
    const parts = calls.map((call) => {
      const found = responseOf(call, contents, index, used);
      if (!found) repairs.answered++;
      else if (!next?.parts?.includes(found)) repairs.moved++;
      if (found) used.add(found);
      return found ?? { functionResponse: { ...named(call), response: UNKNOWN } };
    });
    result.push({ role: "user", parts });
  }
  repairs.dropped = responsesIn(contents).filter((part) => !used.has(part)).length;
  const isSame =
    result.length === contents.length && result.every((content, at) => content === contents[at]);
  return { contents: isSame ? contents : result, repairs };
}

/** What a content says besides responses; itself when there are none, `undefined` when there is nothing else. */
function withoutResponses(content: Content): Content | undefined {
  const parts = content.parts ?? [];
  const rest = parts.filter(({ functionResponse }) => !functionResponse);
  if (rest.length === parts.length) return content;
  return rest.length > 0 ? { ...content, parts: rest } : undefined;
}

/** Whether the content answers exactly these calls, in whatever order. */
function respondsTo({ parts = [] }: Content, calls: readonly FunctionCall[]): boolean {
  const responses = parts.flatMap(({ functionResponse }) => functionResponse ?? []);
  return (
    responses.length === calls.length &&
    calls.every((call) => responses.filter((response) => isOf(call, response)).length === 1)
  );
}

/** The last response of the call behind it, before another call of the same id. */
function responseOf(
  call: FunctionCall,
  contents: readonly Content[],
  index: number,
  used: ReadonlySet<Part>,
): Part | undefined {
  let last: Part | undefined;
  for (const { parts = [] } of contents.slice(index + 1)) {
    if (parts.some(({ functionCall }) => functionCall && isOf(call, functionCall))) break;
    last =
      parts.findLast(
        (part) => part.functionResponse && !used.has(part) && isOf(call, part.functionResponse),
      ) ?? last;
  }
  return last;
}

function responsesIn(contents: readonly Content[]): Part[] {
  return contents.flatMap(({ parts = [] }) =>
    parts.filter(({ functionResponse }) => functionResponse),
  );
}

function isOf(call: FunctionCall, other: { id?: string; name?: string }): boolean {
  return call.id === undefined && other.id === undefined
    ? call.name === other.name
    : call.id === other.id;
}

function named({ id, name }: FunctionCall): { id?: string; name?: string } {
  return { ...(id === undefined ? {} : { id }), ...(name === undefined ? {} : { name }) };
}
