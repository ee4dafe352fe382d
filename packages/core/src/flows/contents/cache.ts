import type { Content } from "../../content/content.ts";
import type { Event } from "../../events/event.ts";

/** Ids of calls: the reader's own, and those of the other agents. */
export interface CallIds {
  readonly callIds: ReadonlySet<string>;
  readonly otherCallIds: ReadonlySet<string>;
}

/** The contents of a log's beginning, for one reader. */
export interface SettledContents extends CallIds {
  /** Position of the last event they were made of. */
  upTo: number;
  /** Position up to which rewinds, summaries and late answers are taken into account, also where what they concern is not settled. */
  readonly builtTo: number;
  /** Only ever appended to. */
  readonly contents: Content[];
  /** Ids of the reader's calls among them. */
  readonly callIds: Set<string>;
  /** Ids of other agents' calls among them. */
  readonly otherCallIds: Set<string>;
}

/**
 * Keeps, for each session, agent and branch, the contents that no later event can change, so that a turn costs what is new
 * and not what was.
 *
 * An entry hangs on the session's first event, the very object that the service hands out turn after turn. What the service
 * forgets (the session was deleted, others were used more recently) or loads from another event on is forgotten here too:
 * there is nothing else to bound or to clear.
 */
export class ContentsCache {
  readonly #entries: WeakMap<Event, Map<string, SettledContents>> = new WeakMap();

  get(first: Event, reader: string): SettledContents | undefined {
    return this.#entries.get(first)?.get(reader);
  }

  /** Adds what has settled since; `entry` may be new. */
  extend(
    first: Event,
    reader: string,
    entry: SettledContents,
    settled: { upTo: number; contents: readonly Content[] } & CallIds,
  ): void {
    let readers = this.#entries.get(first);
    if (!readers) this.#entries.set(first, (readers = new Map()));
    readers.set(reader, entry);
    for (const content of settled.contents) entry.contents.push(content);
    for (const callId of settled.callIds) entry.callIds.add(callId);
    for (const callId of settled.otherCallIds) entry.otherCallIds.add(callId);
    entry.upTo = settled.upTo;
  }

  delete(first: Event, reader: string): void {
    this.#entries.get(first)?.delete(reader);
  }
}
