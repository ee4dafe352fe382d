import type { WakeQueue } from "@adk/core";
import { changesSince, lastChange } from "./changes.ts";
import type { Connection } from "./connection.ts";
import type { Database } from "./database.ts";

/**
 * Tells watchers what other processes wrote. It asks SQLite whether somebody else has committed (no I/O), and only then
 * reads the hints they left.
 */
export class ChangeFeed {
  readonly #database: Database;
  readonly #intervalMs: number;
  readonly #watchers: Set<WakeQueue> = new Set();
  #timer: NodeJS.Timeout | undefined;
  #last = 0;
  #version = -1;

  constructor(database: Database, intervalMs: number) {
    this.#database = database;
    this.#intervalMs = intervalMs;
  }

  async add(watcher: WakeQueue): Promise<void> {
    if (this.#watchers.size === 0) {
      [this.#last, this.#version] = await this.#database.read((connection) => [
        lastChange(connection),
        dataVersion(connection),
      ]);
    }
    this.#watchers.add(watcher);
    this.#schedule();
  }

  remove(watcher: WakeQueue): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size === 0) this.#rest();
  }

  /** Ends all watches with an error. */
  stop(error: Error): void {
    for (const watcher of this.#watchers) watcher.fail(error);
    this.#watchers.clear();
    this.#rest();
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(): void {
    if (this.#timer || this.#watchers.size === 0) return;
    this.#timer = setTimeout(() => {
      void this.#look();
    }, this.#intervalMs);
    // Whoever waits for a hint has a timer of its own.
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    try {
      const version = await this.#database.call(dataVersion);
      if (version !== this.#version) {
        const { last, wakes } = await this.#database.read((connection) =>
          changesSince(connection, this.#last),
        );
        this.#version = version;
        this.#last = last;
        for (const wake of wakes) for (const watcher of this.#watchers) watcher.push(wake);
      }
    } catch (error) {
      this.stop(error as Error);
    }
    this.#timer = undefined;
    this.#schedule();
  }
}

/** Changes when another connection commits. */
function dataVersion(connection: Connection): number {
  return Number(connection.pragma("data_version"));
}
