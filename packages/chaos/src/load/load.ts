import type { BaseSessionService } from "@adk/core";
import type { RecordedHistory } from "../history/recorded-history.ts";
import { randomOf } from "../random.ts";
import { Follower } from "./follower.ts";
import type { Tally } from "./tally.ts";
import { work } from "./work.ts";
import { DEFAULT_USER, Worker } from "./worker.ts";

export interface LoadOptions {
  /** Workers use them in turn. */
  readonly services: readonly BaseSessionService[];
  /** What followers read with; absent: nobody follows. */
  readonly following?: BaseSessionService | undefined;
  readonly history: RecordedHistory;
  readonly tally: Tally;
  readonly seed: number;
  readonly writers: number;
  readonly sessions: number;
  readonly longestPauseMs: number;
  /** Sessions belong to them in turn. @defaultValue one */
  readonly userIds?: readonly string[] | undefined;
}

/** Workers that write all the time, several to a session, and one follower a session. */
export class Load {
  readonly #options: LoadOptions;
  readonly #stop = new AbortController();
  readonly #followers: Follower[] = [];
  #working: Promise<unknown>[] = [];

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  /** The sessions exist when it resolves. */
  async start(): Promise<void> {
    const { services, following, history, tally, seed, writers, sessions } = this.#options;
    const { userIds = [DEFAULT_USER] } = this.#options;
    const userOf = (session: number): string => userIds[session % userIds.length] as string;
    const ids = Array.from({ length: sessions }, (_item, n) => `s${n}`);
    const workers = Array.from({ length: writers }, (_item, n) => {
      const name = `w${n}`;
      const random = randomOf(seed, name);
      const service = services[n % services.length] as BaseSessionService;
      return {
        random,
        worker: new Worker({
          name,
          userId: userOf(n % sessions),
          service,
          recorder: history,
          tally,
          random,
        }),
      };
    });
    for (const [n, id] of ids.entries()) await workers[n]?.worker.create(id);
    if (following)
      for (const [n, sessionId] of ids.entries())
        this.#followers.push(
          new Follower({
            name: `follower of ${sessionId}`,
            service: following,
            userId: userOf(n),
            sessionId,
            tally,
          }),
        );
    const { signal } = this.#stop;
    const { longestPauseMs } = this.#options;
    this.#working = workers.map(async ({ worker, random }, n) => {
      const sessionId = ids[n % ids.length] as string;
      try {
        await work({ worker, sessionId, random, signal, longestPauseMs });
      } catch (error) {
        tally.problems.push(`${worker.name} got ${String(error)}`);
      }
    });
  }

  /** Ends the workers when each has its answer. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#working);
  }

  /** Waits until each follower has everything, then ends them. */
  async endFollowers(lastSequences: ReadonlyMap<string, number>, withinMs: number): Promise<void> {
    const { history, tally } = this.#options;
    for (const follower of this.#followers) {
      const { worker, session, events } = follower.followed;
      const last = lastSequences.get(session) ?? 0;
      if (!(await follower.reaches(last, withinMs)))
        tally.problems.push(
          `${worker} was at ${events.at(-1)?.sequence ?? 0} of ${last} after ${withinMs} ms of silence`,
        );
      await follower[Symbol.asyncDispose]();
      history.followed.push(follower.followed);
    }
  }
}
