import { ignoreErrors, type Driver } from "./redis-client.ts";

export interface SubscriberHandlers {
  /** A text has arrived on a channel. */
  onMessage(text: string): void;
  /** Connected, at first or again: what was sent meanwhile is lost. */
  onConnected(): void;
}

/** A connection that listens on channels: in a cluster on the shards' own. */
export class Subscriber {
  readonly #driver: Driver;
  readonly #isOwn: boolean;
  readonly #stops: (() => void)[] = [];
  readonly #channels: Set<string> = new Set();

  /** @param isOwn whether it is closed at the end. */
  constructor(driver: Driver, isOwn: boolean, handlers: SubscriberHandlers) {
    this.#driver = driver;
    this.#isOwn = isOwn;
    this.#stops.push(ignoreErrors(driver));
    this.#listen(driver.isCluster ? "smessage" : "message", (channel: string, text: string) => {
      if (this.#channels.has(channel)) handlers.onMessage(text);
    });
    this.#listen("ready", () => handlers.onConnected());
  }

  /** A connection of our own, made like the client. */
  static duplicate(client: Driver): Driver {
    const retryStrategy = (attempt: number): number => Math.min(50 * 2 ** attempt, 2_000);
    const redisOptions = { enableOfflineQueue: true, maxRetriesPerRequest: null };
    return client.isCluster
      ? client.duplicate([], {
          shardedSubscribers: true,
          clusterRetryStrategy: retryStrategy,
          enableOfflineQueue: true,
        })
      : client.duplicate({ ...redisOptions, retryStrategy });
  }

  get isConnected(): boolean {
    return this.#driver.status === "ready";
  }

  async listenOn(channel: string): Promise<void> {
    this.#channels.add(channel);
    await (this.#driver.isCluster
      ? this.#driver.ssubscribe(channel)
      : this.#driver.subscribe(channel));
  }

  async leave(channel: string): Promise<void> {
    if (!this.#channels.delete(channel)) return;
    await (this.#driver.isCluster
      ? this.#driver.sunsubscribe(channel)
      : this.#driver.unsubscribe(channel));
  }

  /** Ends at once. */
  close(): void {
    if (!this.#isOwn) for (const channel of this.#channels) this.leave(channel).catch(() => {});
    for (const stop of this.#stops) stop();
    if (!this.#isOwn) return;
    // Whatever it still says has no listener of ours any more.
    ignoreErrors(this.#driver);
    this.#driver.disconnect();
  }

  #listen(event: string, listener: (...args: never[]) => void): void {
    this.#driver.on(event, listener);
    this.#stops.push(() => void this.#driver.off(event, listener));
  }
}
