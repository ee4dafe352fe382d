import { isDeepStrictEqual } from "node:util";
import type { Read } from "../history/operation.ts";
import { placed, type IndexedSession } from "./indexed.ts";
import type { Violation } from "./violation.ts";

/** I5: a read is a prefix: no hole, the state is the fold of the deltas so far, what was acknowledged before is in it. */
export function* reads(of: IndexedSession): Generator<Violation> {
  const { session, log } = of;
  if (!log) return;
  const wrong = (words: string): Violation => ({ invariant: "I5", session, words });
  const known = acknowledgedBy(of);
  const inOrder = of.reads
    .filter((read): read is FoundRead => !!read.found && read.incarnation === log.incarnation)
    .toSorted((left, right) => left.found.lastSequence - right.found.lastSequence);
  const fold = folding(of);
  for (const { worker, invoke, found } of inOrder) {
    const { lastSequence, events, state } = found;
    const from = lastSequence - events.length + 1;
    if (events.some(({ sequence }, index) => sequence !== from + index))
      yield wrong(`${worker} read a hole in the events up to ${lastSequence}`);
    if (!isDeepStrictEqual({ ...state }, fold(lastSequence)))
      yield wrong(`the state that ${worker} read at ${lastSequence} is not the fold of its deltas`);
    const least = known(invoke);
    if (lastSequence < least)
      yield wrong(`${worker} read up to ${lastSequence} when ${least} was acknowledged before`);
  }
  if (!isDeepStrictEqual({ ...log.state }, fold(log.lastSequence)))
    yield wrong("the state at the end is not the fold of its deltas");
}

type FoundRead = Read & { found: NonNullable<Read["found"]> };

/** The session's own scope after each sequence; to be asked with rising ones. */
function folding({ log, appends }: IndexedSession): (upTo: number) => Record<string, unknown> {
  const state: Record<string, unknown> = {};
  const events = log?.events ?? [];
  let next = 0;
  return (upTo) => {
    for (let event = events[next]; event && event.sequence <= upTo; event = events[++next])
      for (const [key, value] of Object.entries(appends.get(event.id)?.delta ?? {}))
        if (!key.startsWith("user:") && !key.startsWith("app:")) state[key] = value;
    return state;
  };
}

/** The highest sequence that was acknowledged before a moment. */
function acknowledgedBy(of: IndexedSession): (moment: number) => number {
  const steps: { time: number; highest: number }[] = [];
  const inTime = [...placed(of)]
    .filter(({ append }) => append.outcome === "ok")
    .toSorted((left, right) => left.append.return - right.append.return);
  for (const { append, sequence } of inTime) {
    const highest = Math.max(steps.at(-1)?.highest ?? 0, sequence);
    steps.push({ time: append.return, highest });
  }
  return (moment) => {
    let low = 0;
    let high = steps.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((steps[middle]?.time ?? Infinity) < moment) low = middle + 1;
      else high = middle;
    }
    return steps[low - 1]?.highest ?? 0;
  };
}
