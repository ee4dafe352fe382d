import { AdkError, type BaseSessionService } from "@adk/core";
import { fingerprint } from "../history/fingerprint.ts";
import { now } from "../history/now.ts";
import type { Followed } from "../history/operation.ts";
import { pause } from "../pause.ts";
import type { Tally } from "./tally.ts";
import { APP_NAME } from "./worker.ts";

export interface FollowerOptions {
  readonly name: string;
  readonly service: BaseSessionService;
  readonly userId: string;
  readonly sessionId: string;
  readonly tally: Tally;
}

/** One who subscribes to a session from its start, and again from where it was when a subscription fails. */
export class Follower implements AsyncDisposable {
  readonly followed: Followed;
  readonly #options: FollowerOptions;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #onEvent: () => void = () => {};

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.followed = { worker: options.name, session: options.sessionId, after: 0, events: [] };
    this.#ended = this.#follow();
  }

  /** Resolves when it has got this sequence; false when it has not after `withinMs`. */
  async reaches(sequence: number, withinMs: number): Promise<boolean> {
    const isThere = (): boolean => (this.followed.events.at(-1)?.sequence ?? 0) >= sequence;
    if (isThere()) return true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
      this.#onEvent = () => {
        if (isThere()) resolve();
      };
    });
    clearTimeout(timer);
    return isThere();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #follow(): Promise<void> {
    const { service, userId, sessionId, tally, name } = this.#options;
    const { signal } = this.#stop;
    const { events } = this.followed;
    while (!signal.aborted)
      try {
        const request = {
          appName: APP_NAME,
          userId,
          sessionId,
          afterSequence: events.at(-1)?.sequence ?? 0,
          signal,
        };
        for await (const event of service.subscribe(request)) {
          const { id, sequence = 0 } = event;
          events.push({ sequence, id, data: fingerprint(event), at: now() });
          this.#onEvent();
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!AdkError.isInstance(error) || !error.retryable) {
          tally.problems.push(`${name} got ${String(error)}`);
          return;
        }
        tally.failed(error);
        await pause(20);
      }
  }
}
