import type { RecordedAnswer } from "./recorded-answer.ts";

interface Entry {
  readonly answer: RecordedAnswer;
  readonly bytes: number;
  /** Milliseconds since the Unix epoch. */
  readonly storedAt: number;
}

/** What an entry costs besides its answer: key, and places in the map. */
const ENTRY_BYTES = 200;

/** Answers by key; the one that was asked for least recently goes first when they are too many bytes. */
export class AnswerStore {
  readonly #maxBytes: number;
  readonly #maxAgeMs: number;
  /** In the order of use, oldest first. */
  readonly #entries: Map<string, Entry> = new Map();
  #bytes = 0;

  constructor({ maxBytes, maxAgeMs }: { maxBytes: number; maxAgeMs: number }) {
    this.#maxBytes = maxBytes;
    this.#maxAgeMs = maxAgeMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** What all answers take, as JSON in UTF-8. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: string, now: number): RecordedAnswer | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#remove(key, entry);
    if (now - entry.storedAt >= this.#maxAgeMs) return undefined;
    this.#add(key, entry);
    return entry.answer;
  }

  /** Keeps the answer unless it is larger than all may be together. */
  set(key: string, answer: RecordedAnswer, now: number): void {
    const before = this.#entries.get(key);
    if (before) this.#remove(key, before);
    const bytes = ENTRY_BYTES + Buffer.byteLength(JSON.stringify(answer));
    if (bytes > this.#maxBytes) return;
    this.#add(key, { answer, bytes, storedAt: now });
    for (const [oldest, entry] of this.#entries) {
      const isTooOld = now - entry.storedAt >= this.#maxAgeMs;
      if (this.#bytes <= this.#maxBytes && !isTooOld) break;
      this.#remove(oldest, entry);
    }
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  #add(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    this.#bytes += entry.bytes;
  }

  #remove(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }
}
