import type { Content } from "../../content/content.ts";
import type { Event } from "../../events/event.ts";

/** The contents of a log's beginning, for one reader. */
export interface SettledContents {
  /** Position of the last event they were made of. */
  upTo: number;
  /** Only ever appended to. */
  readonly contents: Content[];
  /** Ids of the reader's calls among them, if there are any. */
  callIds: Set<string> | undefined;
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
    settled: { upTo: number; contents: readonly Content[]; callIds: Iterable<string> },
  ): void {
    let readers = this.#entries.get(first);
    if (!readers) this.#entries.set(first, (readers = new Map()));
    readers.set(reader, entry);
    for (const content of settled.contents) entry.contents.push(content);
    for (const callId of settled.callIds) (entry.callIds ??= new Set()).add(callId);
    entry.upTo = settled.upTo;
  }

  delete(first: Event, reader: string): void {
    this.#entries.get(first)?.delete(reader);
  }
}
