import { createHash } from "node:crypto";
import type { Wake } from "@adk/core";
import { arrayLiteral, type Database } from "./database.ts";
import { NOTIFY } from "./sql/poll.sql.ts";

/** Between two sends; what happens meanwhile travels together. */
const COALESCE_MS = 4;
/** PostgreSQL takes payloads below 8,000 bytes. */
const MAX_PAYLOAD = 7_900;

/** One hint as it travels. */
type Word = [incarnation: string, lastSequence: number | null, isCancel: 0 | 1];

/**
 * Tells other processes, after the commit and beside it: `notify` inside the appending transaction would hold a lock of the
 * whole server through its wait for the disk. Hints may be lost: a failed send is dropped.
 */
export class WakeLine {
  readonly channel: string;
  readonly #database: Database;
  readonly #text: string;
  #waiting: Map<string, Word> = new Map();
  #sending: Promise<void> | undefined;

  constructor(database: Database, schema: string, text: string = NOTIFY) {
    this.#database = database;
    this.#text = text;
    this.channel = `adk_${createHash("sha256").update(schema).digest("hex").slice(0, 16)}`;
  }

  tell({ incarnation, lastSequence, cancel }: Wake): void {
    const [, known, wasCancel] = this.#waiting.get(incarnation) ?? [incarnation, null, 0 as const];
    this.#waiting.set(incarnation, [incarnation, lastSequence ?? known, cancel ? 1 : wasCancel]);
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
  }

  /** When everything told was sent. */
  async flushed(): Promise<void> {
    await this.#sending;
  }

  /** Sends a word to ourselves. */
  async ping(nonce: string): Promise<void> {
    await this.#notify([JSON.stringify({ ping: nonce })]);
  }

  async #send(): Promise<void> {
    while (this.#waiting.size > 0) {
      // The appends of this turn of the event loop go together.
      await Promise.resolve();
      const words = [...this.#waiting.values()];
      this.#waiting = new Map();
      await this.#notify(payloads(words)).catch(() => {});
      await new Promise<void>((resolve) => setTimeout(resolve, COALESCE_MS));
    }
  }

  async #notify(words: readonly string[]): Promise<void> {
    if (words.length === 0) return;
    const parameters = [this.channel, arrayLiteral(words)];
    await this.#database.run(this.#text, parameters, { isWrite: false });
  }
}

/** As many hints in a payload as it takes. */
function payloads(words: readonly Word[]): string[] {
  const all: string[] = [];
  let open: string[] = [];
  let bytes = 2;
  for (const word of words) {
    const json = JSON.stringify(word);
    const size = Buffer.byteLength(json) + 1;
    if (size + 2 > MAX_PAYLOAD) continue;
    if (bytes + size > MAX_PAYLOAD) {
      all.push(`[${open.join(",")}]`);
      open = [];
      bytes = 2;
    }
    open.push(json);
    bytes += size;
  }
  if (open.length > 0) all.push(`[${open.join(",")}]`);
  return all;
}

/** What came: hints, or our own ping. What is neither is nobody's. */
export function readPayload(payload: string): { wakes: Wake[]; ping?: string } {
  let said: unknown;
  try {
    said = JSON.parse(payload);
  } catch {
    return { wakes: [] };
  }
  if (!Array.isArray(said)) {
    const { ping } = (said ?? {}) as { ping?: unknown };
    return typeof ping === "string" ? { wakes: [], ping } : { wakes: [] };
  }
  const wakes = said.flatMap((word: unknown): Wake[] => {
    if (!Array.isArray(word)) return [];
    const [incarnation, lastSequence, isCancel] = word as unknown[];
    if (typeof incarnation !== "string") return [];
    const wake: Wake = { incarnation };
    if (typeof lastSequence === "number") wake.lastSequence = lastSequence;
    if (isCancel === 1) wake.cancel = true;
    return [wake];
  });
  return { wakes };
}
