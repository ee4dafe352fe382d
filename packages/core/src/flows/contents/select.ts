import type { Content, Part } from "../../content/content.ts";
import type { Event } from "../../events/event.ts";
import { FRAMEWORK_CALLS } from "../../events/framework-calls.ts";
import { getFunctionCalls } from "../../events/predicates.ts";
import { quoteEvent } from "./quote.ts";

const NO_CALLS: ReadonlySet<string> = new Set();

/** Who reads the history. */
export interface Reader {
  readonly agentName: string;
  readonly branch: string | undefined;
  readonly includeThoughts: boolean;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

/** What one event contributes to a request. */
export interface Entry {
  readonly event: Event;
  readonly content: Content;
  /** The agent's own words or the user's: its calls need responses, its responses belong to calls. */
  readonly own: boolean;
}

/**
 * The events that the reader sees, as contents: of its branch and those above, with something visible in them. Other
 * agents' words, and a user's answers to other agents' calls, are quoted.
 *
 * @param earlierCalls ids of calls that the reader made before these events.
 */
export function selectEntries(
  events: readonly Event[],
  reader: Reader,
  earlierCalls: ReadonlySet<string> = NO_CALLS,
): Entry[] {
  const entries: Entry[] = [];
  let ownCalls: Set<string> | undefined;
  const isOwnCall = (callId: string): boolean =>
    (ownCalls?.has(callId) ?? false) || earlierCalls.has(callId);
  for (const event of events) {
    if (event.author === reader.agentName)
      for (const { id } of getFunctionCalls(event))
        if (id !== undefined) (ownCalls ??= new Set()).add(id);
    const { content } = event;
    if (!content?.role || !isVisible(event.branch, reader.branch)) continue;
    if (!hasVisiblePart(content) || concernsFramework(content)) continue;
    if (isOwn(event, reader, isOwnCall)) entries.push({ event, content, own: true });
    else {
      const quoted = quoteEvent(event, reader.includeThoughts);
      if (quoted) entries.push({ event, content: quoted, own: false });
    }
  }
  return entries;
}

function isOwn(event: Event, reader: Reader, isOwnCall: (callId: string) => boolean): boolean {
  if (event.author === reader.agentName) return true;
  if (event.author !== "user") return false;
  const answers = (event.content?.parts ?? []).filter((part) => part.functionResponse);
  return (
    answers.length === 0 ||
    answers.some(({ functionResponse: answer }) => answer?.id === undefined || isOwnCall(answer.id))
  );
}

/** An event without branch is everybody's; a reader without branch sees all; else the same branch or one above. */
function isVisible(branch: string | undefined, readerBranch: string | undefined): boolean {
  return (
    !branch || !readerBranch || branch === readerBranch || readerBranch.startsWith(`${branch}.`)
  );
}

/** Thoughts and empty texts are not enough to be sent; anything else is. */
function hasVisiblePart(content: Content): boolean {
  return (content.parts ?? []).some(
    (part) => part.thoughtSignature !== undefined || !(part.thought || isEmptyPart(part)),
  );
}

function isEmptyPart(part: Part): boolean {
  return Object.entries(part).every(
    ([name, value]) => value === undefined || value === null || (name === "text" && value === ""),
  );
}

function concernsFramework({ parts = [] }: Content): boolean {
  return parts.some(
    ({ functionCall, functionResponse }) =>
      FRAMEWORK_CALLS.has(functionCall?.name ?? "") ||
      FRAMEWORK_CALLS.has(functionResponse?.name ?? ""),
  );
}
