import type { HeaderPatch } from "@adk/core";
import { ENROL, MARK } from "./commands/app-state.lua.ts";
import type { RunOptions } from "./connection.ts";
import { appMember, type Life } from "./keys.ts";
import type { Place } from "./place.ts";

/** A life and its app. */
type AppLife = Life & { readonly appName: string };

/**
 * What is said of sessions beside their scripts: which apps there are; and, where an app's keys are in another slot, what the
 * scripts say themselves elsewhere. There it is said before it is so: an index names too much rather than too little.
 */
export class AppIndex {
  readonly #place: Place;
  readonly #apps: Set<string> = new Set();

  constructor(place: Place) {
    this.#place = place;
  }

  /** For a purge of all apps. */
  async register(appName: string, options: RunOptions): Promise<void> {
    if (this.#apps.has(appName)) return;
    const { connection, keys } = this.#place;
    await connection.ask(["sadd", keys.apps, appName], { ...options, isWrite: true });
    this.#apps.add(appName);
  }

  /** @returns the serial that it has in the order of creation; '' where the session's script gives one. */
  async enrol(life: AppLife, options: RunOptions): Promise<string> {
    const { connection, keys, isSplit } = this.#place;
    if (!isSplit) return "";
    const { index } = keys.app(life.appName);
    const call = { script: ENROL, keys: [index], words: [appMember(life)] };
    return String(await connection.run(call, options));
  }

  /** Of a session that was not created after all. */
  async unenrol(life: AppLife, options: RunOptions): Promise<void> {
    const { connection, keys, isSplit } = this.#place;
    if (!isSplit) return;
    const { index } = keys.app(life.appName);
    // Else a list passes over it, and a purge takes it out.
    await connection
      .ask(["zrem", index, appMember(life)], { ...options, isWrite: true })
      .catch(() => {});
  }

  /** That an invocation will be open, or a call will wait. */
  async announce(life: AppLife, patch: HeaderPatch, options: RunOptions): Promise<void> {
    const { connection, keys, isSplit } = this.#place;
    if (!isSplit) return;
    const words = [appMember(life)];
    const { open, waiting } = keys.app(life.appName);
    if (patch.invocationId !== undefined)
      await connection.run({ script: MARK, keys: [open], words }, options);
    if (typeof patch.pendingCalls === "string")
      await connection.run({ script: MARK, keys: [waiting], words }, options);
  }
}
