import { randomUUID } from "node:crypto";
import { WakeQueue, type SessionKey, type Wake } from "@adk/core";
import { arrayLiteral, quoteIdentifier, type Database } from "./database.ts";
import type { QueryableClient } from "./queryable.ts";
import { readPayload, type WakeLine } from "./wake-line.ts";

export interface WakeHubOptions {
  readonly database: Database;
  /** Where `listen` works: directly connected. Absent: polling alone. */
  readonly listening: Database | undefined;
  readonly line: WakeLine | undefined;
  /** Statements, in the schema. */
  readonly sql: { readonly poll: string; readonly follow: string; readonly unfollow: string };
  readonly pollMs: number;
}

/** A session that somebody reads on from a sequence: a follower, it seems. */
interface Followed extends SessionKey {
  incarnation: string;
  sequence: number;
  readAt: number;
}

/** How often a follower says that it is one; the schema forgets it after three times that. */
const FOLLOW_MS = 30_000;
/** An append that was under way when we said so may have missed it. */
const SECOND_LOOK_MS = 100;
const SAFETY_POLL_MS = 2_000;
const PING_MS = 30_000;
const PONG_MS = 2_000;
const RESTART_MS = 500;
const FORGET_MS = 300_000;
const MAX_FOLLOWED = 10_000;

/**
 * Hints for this process's watchers, from three places: our own appends, at once; other processes' notifications; and one
 * statement that asks for all followed sessions what is new, often while notifications do not arrive, else now and then.
 * Others notify of appends only while somebody follows something: a process that does says so in a table.
 *
 * *silent* until somebody watches. Then *polling*; with a connection that listens, and on which a ping to ourselves has come
 * back, *listening*. A pooler accepts `listen` and delivers nothing: the ping, at first and every 30 s, finds that out. When
 * the connection breaks or a ping stays away it is polling again, and tries anew.
 */
export class WakeHub {
  /** This process, among followers. */
  readonly self: string = randomUUID();
  readonly #options: WakeHubOptions;
  readonly #watchers: Set<WakeQueue> = new Set();
  readonly #followed: Map<string, Followed> = new Map();
  readonly #pongs: Map<string, () => void> = new Map();
  #stop: AbortController | undefined;
  #isListening = false;
  #saidAt = -Infinity;
  #pollNow: (() => void) | undefined;
  #leaving: Promise<void> | undefined;

  constructor(options: WakeHubOptions) {
    this.#options = options;
  }

  get mode(): "silent" | "polling" | "listening" {
    if (!this.#stop) return "silent";
    return this.#isListening ? "listening" : "polling";
  }

  async *watch(signal: AbortSignal): AsyncGenerator<Wake, void, undefined> {
    const queue = new WakeQueue(signal);
    this.#watchers.add(queue);
    if (!this.#stop) this.#start();
    try {
      yield* queue;
    } finally {
      this.#watchers.delete(queue);
      if (this.#watchers.size === 0) this.stop();
    }
  }

  /** What this process has done. @param toOthers whether somebody else is to be notified. */
  tell(wake: Wake, toOthers: boolean = true): void {
    this.#wake(wake);
    if (toOthers) this.#options.line?.tell(wake);
  }

  /** Somebody has read a session up to a sequence. */
  follow(key: SessionKey, incarnation: string, sequence: number): void {
    if (this.#watchers.size === 0) return;
    const { appName, userId, sessionId } = key;
    const name = `${appName}\0${userId}\0${sessionId}`;
    // Last in the order of a map: the first one is the one that was read longest ago.
    this.#followed.delete(name);
    this.#followed.set(name, {
      appName,
      userId,
      sessionId,
      incarnation,
      sequence,
      readAt: performance.now(),
    });
    if (this.#followed.size > MAX_FOLLOWED) {
      const [oldest] = this.#followed.keys();
      if (oldest !== undefined) this.#followed.delete(oldest);
    }
    if (this.#isListening && this.#mustSaySo()) this.#pollNow?.();
  }

  stop(): void {
    this.#stop?.abort();
    this.#stop = undefined;
    this.#isListening = false;
    this.#followed.clear();
    if (this.#saidAt === -Infinity) return;
    this.#saidAt = -Infinity;
    const { database, sql } = this.#options;
    this.#leaving = database.run(sql.unfollow, [this.self], { isWrite: true }).then(
      () => {},
      () => {},
    );
  }

  /** When others know that we follow nothing any more. */
  async left(): Promise<void> {
    await this.#leaving;
  }

  #mustSaySo(): boolean {
    return this.#followed.size > 0 && performance.now() - this.#saidAt > FOLLOW_MS;
  }

  /** Whether notifications arrive: listens for a moment. */
  async probe(): Promise<boolean> {
    if (this.#isListening) return true;
    const { listening } = this.#options;
    if (!listening) return false;
    const client = await listening.hold();
    try {
      return (await this.#listenOn(client)) && (await this.#ping());
    } finally {
      client.release(true);
    }
  }

  #start(): void {
    const stop = new AbortController();
    this.#stop = stop;
    void this.#poll(stop.signal);
    if (this.#options.listening) void this.#listen(this.#options.listening, stop.signal);
  }

  #wake(wake: Wake): void {
    for (const watcher of this.#watchers) watcher.push(wake);
  }

  async #listen(database: Database, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let client: QueryableClient | undefined;
      try {
        client = await database.hold(signal);
        const broken = brokenness(client, signal);
        if (!(await this.#listenOn(client))) {
          client.release();
          return;
        }
        while (!signal.aborted && (await this.#ping())) {
          if (!this.#isListening) {
            this.#isListening = true;
            // What was missed while nobody listened.
            this.#pollNow?.();
          }
          if (await Promise.race([broken, sleep(PING_MS, signal)])) break;
        }
      } catch {
        // Polling goes on; the connection is tried again.
      }
      const wasListening = this.#isListening;
      this.#isListening = false;
      client?.release(true);
      this.#pollNow?.();
      // Where nothing ever arrives, a pooler say, it is tried seldom.
      await sleep((wasListening || !client ? RESTART_MS : PING_MS) * (1 + Math.random()), signal);
    }
  }

  /** @returns whether the client can listen at all. */
  async #listenOn(client: QueryableClient): Promise<boolean> {
    const { line } = this.#options;
    if (!client.on || !line) return false;
    client.on("notification", ({ channel, payload }: { channel: string; payload?: string }) => {
      if (channel !== line.channel) return;
      const { wakes, ping } = readPayload(payload ?? "");
      for (const wake of wakes) this.#wake(wake);
      if (ping !== undefined) this.#pongs.get(ping)?.();
    });
    await client.query({ text: `listen ${quoteIdentifier(line.channel)}` });
    return true;
  }

  async #ping(): Promise<boolean> {
    const nonce = randomUUID();
    const pong = new Promise<boolean>((resolve) => this.#pongs.set(nonce, () => resolve(true)));
    const late = new AbortController();
    try {
      await this.#options.line?.ping(nonce);
      return await Promise.race([pong, sleep(PONG_MS, late.signal)]);
    } catch {
      return false;
    } finally {
      late.abort();
      this.#pongs.delete(nonce);
    }
  }

  async #poll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const again = new Promise<boolean>((resolve) => {
        this.#pollNow = (): void => resolve(true);
      });
      const pauseMs = this.#isListening
        ? Math.max(SAFETY_POLL_MS, this.#options.pollMs)
        : this.#options.pollMs;
      const pause = new AbortController();
      const end = (): void => pause.abort();
      signal.addEventListener("abort", end, { once: true });
      await Promise.race([again, sleep(pauseMs, pause.signal)]);
      pause.abort();
      signal.removeEventListener("abort", end);
      if (signal.aborted) return;
      try {
        const isNew = this.#isListening && this.#mustSaySo();
        if (isNew) await this.#saySo();
        await this.#ask();
        if (!isNew) continue;
        await sleep(SECOND_LOOK_MS, signal);
        if (!signal.aborted) await this.#ask();
      } catch {
        // The next round asks again.
      }
    }
  }

  async #saySo(): Promise<void> {
    const { database, sql } = this.#options;
    const saidAt = performance.now();
    await database.run(sql.follow, [this.self], { isWrite: true });
    this.#saidAt = saidAt;
  }

  /** One statement for all that are followed. */
  async #ask(): Promise<void> {
    const now = performance.now();
    for (const [name, { readAt }] of this.#followed)
      if (now - readAt > FORGET_MS) this.#followed.delete(name);
    const all = [...this.#followed];
    if (all.length === 0) return;
    const column = (of: (followed: Followed) => string | number): string =>
      arrayLiteral(all.map(([, followed]) => of(followed)));
    const rows = await this.#options.database.run(
      this.#options.sql.poll,
      [
        column(({ appName }) => appName),
        column(({ userId }) => userId),
        column(({ sessionId }) => sessionId),
        column(({ incarnation }) => incarnation),
        column(({ sequence }) => sequence),
      ],
      { isWrite: false },
    );
    for (const [place, incarnation, lastSequence] of rows) {
      const [name, followed] = all[Number(place) - 1] ?? [];
      if (!name || !followed) continue;
      if (incarnation === followed.incarnation) {
        followed.sequence = Number(lastSequence);
        this.#wake({ incarnation, lastSequence: followed.sequence });
      } else {
        this.#followed.delete(name);
        this.#wake({ incarnation: followed.incarnation });
      }
    }
  }
}

/** Resolves with `true` when the connection has broken. */
async function brokenness(client: QueryableClient, signal: AbortSignal): Promise<boolean> {
  return await new Promise((resolve) => {
    for (const event of ["error", "end"]) client.on?.(event, () => resolve(true));
    signal.addEventListener("abort", () => resolve(true), { once: true });
  });
}

/** @returns `false`, later; at once when the signal is aborted. The timer keeps no process alive. */
async function sleep(ms: number, signal: AbortSignal): Promise<false> {
  if (signal.aborted) return false;
  return await new Promise((resolve) => {
    const timer = setTimeout(end, ms);
    timer.unref();
    signal.addEventListener("abort", end, { once: true });
    function end(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve(false);
    }
  });
}
