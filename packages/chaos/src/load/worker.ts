import {
  AdkError,
  createEvent,
  type BaseSessionService,
  type Event,
  type Session,
  type SessionLease,
} from "@adk/core";
import { fingerprint } from "../history/fingerprint.ts";
import { now } from "../history/now.ts";
import type { Append, Deletion, Grant, Operation, Read } from "../history/operation.ts";
import type { Recorder } from "../history/recorder.ts";
import type { Random } from "../random.ts";
import { ownScope } from "./own-scope.ts";
import type { Tally } from "./tally.ts";
import { untilAnswered } from "./until-answered.ts";

/** All of a history belongs to one app. */
export const APP_NAME = "chaos";
export const DEFAULT_USER = "user";

export interface WorkerOptions {
  readonly name: string;
  /** Whose sessions it writes to. @defaultValue {@link DEFAULT_USER} */
  readonly userId?: string | undefined;
  readonly service: BaseSessionService;
  readonly recorder: Recorder;
  readonly tally: Tally;
  readonly random: Random;
}

/** An append's conditions. */
export interface AppendOptions {
  readonly delta?: Readonly<Record<string, unknown>>;
  readonly expected?: number;
  readonly lease?: SessionLease;
}

/** Why a store may refuse an append. */
const REFUSALS = new Set([
  "SESSION_CONFLICT",
  "SESSION_FENCED",
  "SESSION_GONE",
  "SESSION_NOT_FOUND",
  "SESSION_REGRESSED",
]);

const LONGEST_WAIT_MS = 60_000;

/** One who asks for one thing at a time, until there is an answer, and has it recorded. */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #owner: { readonly appName: string; readonly userId: string };
  #count = 0;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#owner = { appName: APP_NAME, userId: options.userId ?? DEFAULT_USER };
  }

  get name(): string {
    return this.#options.name;
  }

  /** Of `user:` state that several workers write: no other user has it. */
  get sharedKey(): string {
    return `user:last of ${this.#owner.userId}`;
  }

  /** An event of this worker, numbered. */
  async append(session: Session, options: AppendOptions = {}): Promise<Append> {
    const { expected, lease, delta = {} } = options;
    const { name, service, random } = this.#options;
    const n = ++this.#count;
    const event: Event = createEvent({
      id: `${name}:${n}`,
      author: "user",
      invocationId: `${name}-invocation`,
      content: { role: "user", parts: [{ text: "x".repeat(100 + Math.floor(random() * 200)) }] },
      actions: { stateDelta: { ...delta } },
    });
    const append: Append = {
      op: "append",
      ...this.#asked(session),
      eventId: event.id,
      data: fingerprint(event),
      delta,
      ...(expected !== undefined && { expected }),
      ...(lease && { epoch: lease.epoch }),
    };
    await this.#ask(append, async () => {
      const stored = await service.appendEvent({
        session,
        event,
        expectedLastSequence: expected,
        lease,
      });
      append.sequence = stored.sequence ?? 0;
    });
    return append;
  }

  /** The number of the last event that was sent. */
  get count(): number {
    return this.#count;
  }

  async read(of: Pick<Session, "id" | "incarnation">): Promise<void> {
    const read: Read = { op: "read", ...this.#asked(of) };
    await this.#ask(read, async () => {
      const found = await this.load(of.id, 8);
      // Another life of the same id is somebody else's.
      if (found?.incarnation !== of.incarnation) return;
      read.found = {
        lastSequence: found.lastSequence,
        events: found.events.map((event) => ({
          sequence: event.sequence ?? 0,
          id: event.id,
          data: fingerprint(event),
        })),
        state: ownScope(found.state),
      };
    });
  }

  async delete(session: Session): Promise<void> {
    const deletion: Deletion = { op: "delete", ...this.#asked(session) };
    await this.#ask(
      deletion,
      async () =>
        await this.#options.service.deleteSession({ ...this.#owner, sessionId: session.id }),
    );
  }

  /** Takes the lease as soon as nobody has it, and loads the session. */
  async acquire(
    sessionId: string,
    ttlMs: number,
  ): Promise<{ readonly session: Session; readonly lease: SessionLease }> {
    const { name, service, recorder } = this.#options;
    const invoke = now();
    const { session, lease } = await this.answered(
      async () =>
        await service.openSession({
          ...this.#owner,
          sessionId,
          owner: name,
          ttlMs,
          waitMs: LONGEST_WAIT_MS,
        }),
    );
    const grant: Grant = {
      op: "grant",
      ...this.#asked(session),
      invoke,
      return: now(),
      outcome: "ok",
      epoch: lease.epoch,
      lastSequence: session.lastSequence,
    };
    recorder.asked(grant);
    recorder.settled(grant);
    return { session, lease };
  }

  async load(sessionId: string, numRecentEvents: number): Promise<Session | undefined> {
    return await this.#options.service.getSession({
      ...this.#owner,
      sessionId,
      config: { numRecentEvents },
    });
  }

  async create(sessionId: string): Promise<Session> {
    return await this.answered(
      async () => await this.#options.service.getOrCreateSession({ ...this.#owner, sessionId }),
    );
  }

  async answered<T>(call: () => Promise<T>): Promise<T> {
    return await untilAnswered(call, this.#options);
  }

  #asked({ id, incarnation }: Pick<Session, "id" | "incarnation">): {
    worker: string;
    user: string;
    session: string;
    incarnation: string;
    invoke: number;
    return: number;
    outcome: "unknown";
  } {
    return {
      worker: this.#options.name,
      user: this.#owner.userId,
      session: id,
      incarnation,
      invoke: now(),
      return: Infinity,
      outcome: "unknown",
    };
  }

  async #ask(operation: Operation, call: () => Promise<void>): Promise<void> {
    const { recorder } = this.#options;
    recorder.asked(operation);
    try {
      await this.answered(call);
      operation.outcome = "ok";
    } catch (error) {
      if (operation.op !== "append" || !AdkError.isInstance(error)) throw error;
      if (error.code === "SESSION_REGRESSED" && error.details["committed"] === true) {
        // It is stored, and the session object holds what the store has lost.
        operation.outcome = "ok";
        operation.sequence = Number(error.details["found"]);
      } else if (REFUSALS.has(error.code)) operation.outcome = "fail";
      else throw error;
      operation.code = error.code;
    }
    operation.return = now();
    recorder.settled(operation);
  }
}
