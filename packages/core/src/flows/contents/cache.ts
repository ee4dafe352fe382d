import type { Content } from "../../content/content.ts";

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
 * and not what was. Bounded by the number of contents; the least recently used go first.
 */
export class ContentsCache {
  readonly #maxContents: number;
  readonly #entries: Map<string, SettledContents> = new Map();
  #size = 0;

  constructor(maxContents = 200_000) {
    this.#maxContents = maxContents;
  }

  get(key: string): SettledContents | undefined {
    const entry = this.#entries.get(key);
    if (entry) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
    }
    return entry;
  }

  /** Adds what has settled since; `entry` may be new. */
  extend(
    key: string,
    entry: SettledContents,
    upTo: number,
    contents: readonly Content[],
    calls: CallIds,
  ): void {
    if (this.#entries.get(key) !== entry) {
      this.delete(key);
      this.#entries.set(key, entry);
      this.#size += entry.contents.length;
    }
    for (const content of contents) entry.contents.push(content);
    for (const callId of calls.callIds) entry.callIds.add(callId);
    for (const callId of calls.otherCallIds) entry.otherCallIds.add(callId);
    entry.upTo = upTo;
    this.#size += contents.length;
    for (const [oldest] of this.#entries) {
      if (this.#size <= this.#maxContents || oldest === key) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#size -= entry.contents.length;
  }
}
