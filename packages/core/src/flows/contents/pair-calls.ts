import type { Content, FunctionCall, Part } from "../../content/content.ts";
import { getOwn } from "../../internal/json.ts";
import type { Entry } from "./select.ts";

/** What the model reads for a call that waits for an answer from outside. */
const PENDING: Readonly<Record<string, unknown>> = Object.freeze({
  status: "pending",
  message: "There is no answer yet.",
});
/** What the model reads for a call whose time is over; what its tool has reported in the meantime is no answer. */
const EXPIRED: Readonly<Record<string, unknown>> = Object.freeze({
  status: "expired",
  message: "Nobody answered in time.",
});
/** What the model reads for a call that was cut off. */
const INTERRUPTED: Readonly<Record<string, unknown>> = Object.freeze({
  error: "The call was interrupted; its outcome is unknown.",
});

interface CallEntry {
  readonly entry: Entry;
  /** Index of the entry. */
  readonly index: number;
  readonly calls: readonly FunctionCall[];
  /** The latest response of each call, by key. */
  readonly responses: Map<string, Part>;
  /** Keys of the calls that the user has answered, or that were sealed. */
  readonly answered: Set<string>;
  /** Parts that came along with the responses: files, texts. */
  readonly others: Part[];
}

/** The contents of a request, and how far they are settled. */
export interface PairedContents {
  readonly contents: Content[];
  /** How many of the entries end in a state that no later event but a late answer can change. */
  readonly settledEntries: number;
  /** How many of the contents those entries make. */
  readonly settledContents: number;
}

/**
 * Contents in which every call has its response right after it, the latest one where there are several.
 *
 * When the last entry answers calls that were made some time ago, what was said in between is left out: the model goes on
 * as if the answer had come at once. A call without a response gets one that says that it waits, or that it was cut off; a
 * response without its call is left out.
 *
 * @param now milliseconds since the Unix epoch: a call that has expired waits no more.
 */
export function pairCalls(entries: readonly Entry[], now: number): PairedContents {
  const callEntries = matchResponses(entries);
  const skipped = gapBeforeAnswer(entries, callEntries);
  const contents: Content[] = [];
  let settledEntries = 0;
  let settledContents = 0;
  // Responses to calls of invocations that are over are not waited for: what comes all the same is a late answer.
  const current = entries.at(-1)?.event.invocationId;
  let open = false;
  for (const [index, entry] of entries.entries()) {
    if (skipped && index > skipped.from && index <= skipped.to) continue;
    const callEntry = callEntries.get(index);
    if (callEntry) {
      contents.push(entry.content);
      contents.push(responseContent(callEntry, now));
      const isCurrent = entry.event.invocationId === current;
      open ||= callEntry.calls.some((call) => isOpen(callEntry, call, now, isCurrent));
    } else {
      const rest = withoutResponses(entry);
      if (rest) contents.push(rest);
    }
    if (!open && !skipped) {
      settledEntries = index + 1;
      settledContents = contents.length;
    }
  }
  // A call whose response is still to come right behind it is not settled, nor is what is skipped this time only.
  return { contents, settledEntries, settledContents };
}

const NO_CALLS: ReadonlyMap<number, CallEntry> = new Map();

function matchResponses(entries: readonly Entry[]): ReadonlyMap<number, CallEntry> {
  if (!entries.some(({ own, content }) => own && content.parts?.some((part) => part.functionCall)))
    return NO_CALLS;
  const callEntries = new Map<number, CallEntry>();
  const latest = new Map<string, CallEntry>();
  for (const [index, entry] of entries.entries()) {
    if (!entry.own) continue;
    const parts = entry.content.parts ?? [];
    const calls = parts.flatMap((part) => (part.functionCall ? [part.functionCall] : []));
    if (calls.length > 0) {
      const callEntry: CallEntry = {
        entry,
        index,
        calls,
        responses: new Map(),
        answered: new Set(),
        others: [],
      };
      callEntries.set(index, callEntry);
      for (const call of calls) latest.set(keyOf(call), callEntry);
      continue;
    }
    let owner: CallEntry | undefined;
    for (const part of parts) {
      if (!part.functionResponse) continue;
      const called = latest.get(keyOf(part.functionResponse));
      called?.responses.set(keyOf(part.functionResponse), part);
      if (entry.event.author === "user" || entry.event.errorCode === "INVOCATION_ABORTED")
        called?.answered.add(keyOf(part.functionResponse));
      owner ??= called;
    }
    if (owner) owner.others.push(...parts.filter((part) => !part.functionResponse));
  }
  return callEntries;
}

/** The entries between an answer at the end and the call that it answers. */
function gapBeforeAnswer(
  entries: readonly Entry[],
  callEntries: ReadonlyMap<number, CallEntry>,
): { from: number; to: number } | undefined {
  if (callEntries.size === 0) return undefined;
  const to = entries.length - 1;
  const last = entries[to];
  const answered = new Set(
    (last?.own ? (last.content.parts ?? []) : []).flatMap((part) =>
      part.functionResponse ? [keyOf(part.functionResponse)] : [],
    ),
  );
  if (answered.size === 0) return undefined;
  for (let index = to - 1; index >= 0; index--) {
    const callEntry = callEntries.get(index);
    if (callEntry?.calls.some((call) => answered.has(keyOf(call)))) return { from: index, to };
  }
  return undefined;
}

/** Milliseconds since the Unix epoch; `undefined` for a call that was answered, or that may wait for ever. */
function expiryOf({ entry, answered }: CallEntry, call: FunctionCall): number | undefined {
  if (call.id === undefined || answered.has(call.id)) return undefined;
  return getOwn(entry.event.pending ?? {}, call.id)?.expiresAt;
}

/** Whether what the model reads for the call changes by itself: when it gets its first response, or when it expires. */
function isOpen(
  callEntry: CallEntry,
  call: FunctionCall,
  now: number,
  isCurrent: boolean,
): boolean {
  const expiresAt = expiryOf(callEntry, call);
  if (expiresAt !== undefined) return expiresAt > now;
  return isCurrent && !callEntry.responses.has(keyOf(call));
}

function responseContent(callEntry: CallEntry, now: number): Content {
  const parts: Part[] = callEntry.calls.map((call) => {
    const response = callEntry.responses.get(keyOf(call));
    const expired = (expiryOf(callEntry, call) ?? Number.POSITIVE_INFINITY) <= now;
    if (response && !expired) return response;
    const waits = callEntry.entry.event.longRunningToolIds?.includes(call.id ?? "") ?? false;
    return {
      functionResponse: {
        ...(call.id === undefined ? {} : { id: call.id }),
        ...(call.name === undefined ? {} : { name: call.name }),
        response: expired ? EXPIRED : waits ? PENDING : INTERRUPTED,
      },
    };
  });
  return Object.freeze({ role: "user", parts: [...parts, ...callEntry.others] });
}

/** The entry without responses: they stand with their calls, or nowhere. */
function withoutResponses(entry: Entry): Content | undefined {
  const { content } = entry;
  if (!entry.own || !(content.parts ?? []).some((part) => part.functionResponse)) return content;
  return undefined;
}

function keyOf({ id, name }: { id?: string; name?: string }): string {
  return id ?? `name:${name ?? ""}`;
}
