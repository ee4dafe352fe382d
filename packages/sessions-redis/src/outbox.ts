import type { ScopeDelta, SessionKey } from "@adk/core";
import { APPLY } from "./commands/app-state.lua.ts";
import type { Connection, RunOptions } from "./connection.ts";
import type { Keys } from "./keys.ts";
import { deltaWords } from "./words.ts";

/** How long it is remembered what was applied, once the outbox is empty: longer than any late copy is under way. */
const REMEMBER_MS = 86_400_000;

/**
 * Changes of an app's state in a cluster, where it lives in another slot than the session.
 *
 * They are stored with the event, in one step, in the session's outbox; then applied where they belong, once and in the
 * session's order; then taken out. Whoever finds one left over, because its writer died in between, does the rest.
 */
export class Outbox {
  readonly #connection: Connection;
  readonly #keys: Keys;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  /** How a change lies in the outbox, behind its life and sequence. */
  static encode(delta: ScopeDelta | undefined): string {
    return delta ? JSON.stringify(delta) : "";
  }

  /** Applies what lies in a session's outbox. Several may do so at once. */
  async settle(key: SessionKey, options: RunOptions = {}): Promise<void> {
    const { outbox } = this.#keys.session(key);
    const app = this.#keys.app(key.appName);
    const lives = new Set<string>();
    const entries = (await this.#connection.ask(["lrange", outbox, 0, -1], options)) as string[];
    for (const entry of entries) {
      const { incarnation, sequence, delta } = decode(entry);
      const applied = this.#keys.applied(key.appName, incarnation);
      const words = [sequence, ...deltaWords(delta)];
      await this.#connection.run({ script: APPLY, keys: [app.state, applied], words }, options);
      await this.#connection.ask(["lrem", outbox, 1, entry], { ...options, isWrite: true });
      lives.add(applied);
    }
    // A later change makes it last again.
    for (const applied of lives)
      await this.#connection.ask(["pexpire", applied, REMEMBER_MS], { ...options, isWrite: true });
  }
}

function decode(entry: string): { incarnation: string; sequence: number; delta: ScopeDelta } {
  const [incarnation = "", sequence = "", ...json] = entry.split("\0");
  const delta = JSON.parse(json.join("\0")) as ScopeDelta;
  // `JSON.parse` makes `__proto__` a key of its own, and so does a copy without a prototype.
  const set = Object.assign(Object.create(null) as ScopeDelta["set"], delta.set);
  return { incarnation, sequence: Number(sequence), delta: { ...delta, set } };
}
