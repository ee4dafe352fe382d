import { WakeQueue, type SessionKey, type Wake } from "@adk/core";
import type { Connection } from "./connection.ts";
import type { Keys } from "./keys.ts";
import type { Driver } from "./redis-client.ts";
import { Subscriber } from "./subscriber.ts";

export interface WakeHubOptions {
  readonly connection: Connection;
  readonly keys: Keys;
  /** `PUBLISH`, `SPUBLISH`, or '' for nothing. */
  readonly publish: string;
  /** Subscribes; absent: a connection made like the client's. It stays the caller's. */
  readonly subscriber: Driver | undefined;
  readonly pollMs: number;
}

/** A session that somebody follows or runs here, it seems. */
interface Followed {
  readonly key: SessionKey;
  readonly incarnation: string;
  sequence: number;
  askedAt: number;
  /** Whether hints about it arrive, while the subscriber is connected. */
  isListening: boolean;
  /** Whether a subscription is under way: while there is no connection it waits for one. */
  isSubscribing: boolean;
}

/** While hints arrive: for those that were lost. */
const SAFETY_POLL_MS = 2_000;
const FORGET_MS = 300_000;
const MAX_FOLLOWED = 10_000;
const AT_ONCE = 500;

/**
 * Hints for this process's watchers, from three places: our own appends, at once; the channels of the sessions that are
 * followed or run here; and a look at all of these, often while a channel cannot be listened on, else now and then.
 *
 * What happens between a read and the subscription that it causes is found by a look right after the latter; what happens
 * while the subscribing connection is broken, by a look when it is back.
 */
export class WakeHub {
  readonly #options: WakeHubOptions;
  readonly #watchers: Set<WakeQueue> = new Set();
  readonly #followed: Map<string, Followed> = new Map();
  #subscriber: Subscriber | undefined;
  #stop: AbortController | undefined;

  constructor(options: WakeHubOptions) {
    this.#options = options;
  }

  /** Whether processes tell each other. */
  get isOn(): boolean {
    return this.#options.publish !== "";
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

  /** What this process has done. */
  tell(wake: Wake): void {
    for (const watcher of this.#watchers) watcher.push(wake);
  }

  /** Somebody here knows a session up to a sequence, and wants to know of more. */
  follow(key: SessionKey, incarnation: string, sequence: number): void {
    const { channel } = this.#options.keys.session(key);
    const known = this.#followed.get(channel);
    // Last in the order of a map: the first one is the one that was asked for longest ago.
    this.#followed.delete(channel);
    if (known?.incarnation === incarnation) {
      known.sequence = Math.max(known.sequence, sequence);
      known.askedAt = performance.now();
      this.#followed.set(channel, known);
      return;
    }
    const { appName, userId, sessionId } = key;
    const followed: Followed = {
      key: { appName, userId, sessionId },
      incarnation,
      sequence,
      askedAt: performance.now(),
      isListening: known?.isListening ?? false,
      isSubscribing: false,
    };
    this.#followed.set(channel, followed);
    if (!known && this.#stop) void this.#listenOn(channel, followed);
    if (this.#followed.size > MAX_FOLLOWED) {
      const [oldest] = this.#followed.keys();
      if (oldest !== undefined) this.#forget(oldest);
    }
  }

  stop(): void {
    this.#stop?.abort();
    this.#stop = undefined;
    this.#followed.clear();
    this.#subscriber?.close();
    this.#subscriber = undefined;
  }

  #start(): void {
    const { connection, publish, subscriber } = this.#options;
    this.#stop = new AbortController();
    if (publish !== "") {
      const driver = subscriber ?? Subscriber.duplicate(connection.driver);
      this.#subscriber = new Subscriber(driver, subscriber === undefined, {
        onMessage: (text) => this.#heard(text),
        onConnected: () => void this.#look(),
      });
    }
    // A lease is granted before anybody watches for its cancel.
    for (const [channel, followed] of this.#followed) void this.#listenOn(channel, followed);
    void this.#poll(this.#stop.signal);
  }

  #heard(text: string): void {
    const [word = "", incarnation = ""] = text.split(" ");
    if (word === "gone") this.tell({ incarnation });
    else if (word === "cancel") this.tell({ incarnation, cancel: true });
    else this.tell({ incarnation, lastSequence: Number(word) });
  }

  async #listenOn(channel: string, followed: Followed): Promise<void> {
    if (!this.#subscriber || followed.isSubscribing) return;
    followed.isSubscribing = true;
    try {
      await this.#subscriber.listenOn(channel);
      followed.isListening = true;
      await this.#ask([[channel, followed]]);
    } catch {
      // It is looked at often, and tried again with the next look.
    } finally {
      followed.isSubscribing = false;
    }
  }

  #forget(channel: string): void {
    this.#followed.delete(channel);
    this.#subscriber?.leave(channel).catch(() => {});
  }

  async #poll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { pollMs } = this.#options;
      await sleep(this.#isTold() ? Math.max(SAFETY_POLL_MS, pollMs) : pollMs, signal);
      if (signal.aborted) return;
      await this.#look();
      for (const [channel, followed] of this.#followed)
        if (!followed.isListening) void this.#listenOn(channel, followed);
    }
  }

  /** Whether hints arrive about all that are followed. */
  #isTold(): boolean {
    if (!this.#subscriber) return false;
    const followed = [...this.#followed.values()];
    return (
      followed.length === 0 ||
      (this.#subscriber.isConnected && followed.every(({ isListening }) => isListening))
    );
  }

  /** Asks for all that are followed what is new. */
  async #look(): Promise<void> {
    const now = performance.now();
    for (const [channel, { askedAt }] of this.#followed)
      if (now - askedAt > FORGET_MS) this.#forget(channel);
    const all = [...this.#followed];
    for (let start = 0; start < all.length; start += AT_ONCE)
      // The next round asks again.
      await this.#ask(all.slice(start, start + AT_ONCE)).catch(() => {});
  }

  /** One command a session, sent together. */
  async #ask(all: readonly (readonly [string, Followed])[]): Promise<void> {
    const { connection, keys } = this.#options;
    await Promise.all(
      all.map(async ([channel, followed]) => {
        const { header } = keys.session(followed.key);
        const reply = await connection.ask(["hmget", header, "inc", "seq", "can"]);
        const [incarnation, sequence, cancel] = reply as (string | null)[];
        if (incarnation !== followed.incarnation) {
          if (this.#followed.get(channel) === followed) this.#forget(channel);
          this.tell({ incarnation: followed.incarnation });
          return;
        }
        if (Number(sequence) <= followed.sequence && cancel === null) return;
        followed.sequence = Math.max(followed.sequence, Number(sequence));
        this.tell({
          incarnation,
          lastSequence: Number(sequence),
          ...(cancel !== null && { cancel: true }),
        });
      }),
    );
  }
}

/** Ends at once when the signal is aborted. The timer keeps no process alive. */
async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(end, ms);
    timer.unref();
    signal.addEventListener("abort", end, { once: true });
    function end(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    }
  });
}
