import type { EraseCommand, PurgeCommand, SessionKey, Wake } from "@adk/core";
import { CLEAR, ERASE, SWEEP } from "./commands/erase.lua.ts";
import type { RunOptions } from "./connection.ts";
import { appMember, readAppMember, readUserMember, type Life } from "./keys.ts";
import { findLives, withScores, type FoundLife } from "./lives.ts";
import { Outbox } from "./outbox.ts";
import type { Place } from "./place.ts";
import type { Word } from "./redis-client.ts";
import { splitReply } from "./replies.ts";
import { ANNOUNCED_MS } from "./session-lister.ts";
import { keysOf } from "./words.ts";

export interface SessionRemoverOptions extends Place {
  /** `PUBLISH`, `SPUBLISH`, or '' for no hints. */
  readonly publish: string;
}

type Tell = (wake: Wake) => void;

const CHUNK = 500;

/** Deletes sessions, and what indexes say of those that have ended. */
export class SessionRemover {
  readonly #options: SessionRemoverOptions;
  readonly #outbox: Outbox;

  constructor(options: SessionRemoverOptions) {
    this.#options = options;
    this.#outbox = new Outbox(options.connection, options.keys);
  }

  async erase(command: EraseCommand, options: RunOptions, tell: Tell): Promise<void> {
    if (command.sessionId !== undefined) return await this.#eraseLife(command, options, tell);
    const { connection, keys } = this.#options;
    const { appName, userId } = command;
    const { index, state } = keys.user(appName, userId);
    for (;;) {
      const members = await connection.ask(["zrange", index, 0, CHUNK - 1], options);
      const lives = (members as string[]).map((member) => readUserMember(userId, member));
      if (lives.length === 0) break;
      for (const life of lives) await this.#eraseLife({ appName, ...life }, options, tell);
    }
    const words = [connection.isDurable ? "1" : ""];
    await connection.run({ script: CLEAR, keys: [state], words }, options);
  }

  async purge({ appName, limit }: PurgeCommand, options: RunOptions, tell: Tell): Promise<number> {
    const { connection, keys } = this.#options;
    const apps =
      appName === undefined
        ? ((await connection.ask(["smembers", keys.apps], options)) as Iterable<string>)
        : [appName];
    let count = 0;
    for (const app of apps) count += await this.#purgeApp(app, limit - count, options, tell);
    return count;
  }

  /** Along the app's index, the oldest first. @returns how many sessions had ended. */
  async #purgeApp(
    appName: string,
    limit: number,
    options: RunOptions,
    tell: Tell,
  ): Promise<number> {
    const { connection, keys, isSplit } = this.#options;
    const { index } = keys.app(appName);
    let count = 0;
    let next = "-inf";
    while (count < limit) {
      const lives = withScores(
        await connection.ask(
          ["zrangebyscore", index, next, "+inf", "WITHSCORES", "LIMIT", 0, CHUNK],
          options,
        ),
        readAppMember,
      );
      const last = lives.at(-1);
      if (!last) break;
      const found = await findLives(connection, keys, appName, lives, isSplit, options);
      for (const life of found) {
        if (life.stored || count >= limit) continue;
        if (!(await this.#sweep(appName, life, options))) continue;
        tell({ incarnation: life.incarnation });
        count++;
      }
      next = `(${last.score}`;
    }
    return count;
  }

  /** @returns whether it was a session that has ended. */
  async #sweep(appName: string, life: FoundLife, options: RunOptions): Promise<boolean> {
    const key = { appName, ...life };
    const { status, rest } = await this.#settled(SWEEP, key, [], options);
    if (status === "alive") return false;
    const [listed, now] = rest.map(Number);
    const wasListed = listed === 1;
    // What only the app's index names may be about to be created.
    const isOld = life.score / 1_000 < (now ?? 0) - ANNOUNCED_MS;
    if (wasListed || isOld) await this.#leaveApp(key, options);
    return wasListed;
  }

  async #eraseLife(
    key: SessionKey & { incarnation: string },
    options: RunOptions,
    tell: Tell,
  ): Promise<void> {
    const { publish, keys, connection } = this.#options;
    const words = [publish, keys.session(key).channel, connection.isDurable ? "1" : ""];
    const { rest } = await this.#settled(ERASE, key, words, options);
    await this.#leaveApp(key, options);
    if (Number(rest[0]) === 1) tell({ incarnation: key.incarnation });
  }

  /** A script that refuses while changes of the app's state are still to be applied. */
  async #settled(
    script: typeof ERASE,
    key: SessionKey & { incarnation: string },
    more: readonly Word[],
    options: RunOptions,
  ): Promise<{ status: string; rest: readonly unknown[] }> {
    const { connection, keys, isSplit } = this.#options;
    const { appName, userId, sessionId, incarnation } = key;
    const app = isSplit ? undefined : keys.app(appName);
    const call = {
      script,
      keys: keysOf(keys.session(key), keys.user(appName, userId), app),
      words: [incarnation, userId, sessionId, ...more],
    };
    for (;;) {
      const reply = splitReply(await connection.run(call, options));
      if (reply.status !== "unsettled") return reply;
      await this.#outbox.settle(key, options);
    }
  }

  /** Where the scripts do not reach the app's keys. */
  async #leaveApp(life: Life & { appName: string }, options: RunOptions): Promise<void> {
    const { connection, keys, isSplit } = this.#options;
    if (!isSplit) return;
    const { index, waiting, open } = keys.app(life.appName);
    for (const set of [index, waiting, open])
      await connection.ask(["zrem", set, appMember(life)], { ...options, isWrite: true });
  }
}
