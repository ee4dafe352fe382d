import type { Event } from "../../events/event.ts";
import type { BaseSessionService } from "../../sessions/base-session-service.ts";
import type { SessionLease } from "../../sessions/lease.ts";
import type { Session } from "../../sessions/session.ts";
import { KEY, load, message } from "./helpers.ts";

/** Opens the store that the kit is about, in a process of its own. */
export type OpenSessionWorker = (data: unknown) => BaseSessionService | Promise<BaseSessionService>;

interface AppendTask {
  /** Stands in the text of each event and names the keys of state that nobody else writes. */
  readonly writer: string;
  readonly count: number;
}

interface LeaseTask {
  readonly ttlMs: number;
  readonly waitMs?: number;
}

/** What a lease says that was granted to another process. */
interface Granted {
  readonly epoch: number;
  readonly attempt: number;
  readonly openInvocationId?: string | undefined;
  /** The texts of the session as its holder found it. */
  readonly texts: readonly string[];
}

interface Stored {
  readonly sequence: number;
}

/** What a process can be asked. What goes in and out is JSON. */
export interface WorkerTasks {
  open(data: unknown): Promise<void>;
  create(sessionId: string): Promise<void>;
  /** Appends texts `writer:1`, `writer:2` … and changes state in all scopes. @returns the sequences. */
  append(task: AppendTask): Promise<number[]>;
  /** Takes the lease, and keeps it until `release`. */
  lease(task: LeaseTask): Promise<Granted>;
  /** Appends under the lease; with `invocationId` it opens that invocation. */
  appendLeased(task: { text: string; invocationId?: string }): Promise<Stored>;
  /** Whether the holder has been told that its lease is lost. */
  isLost(): Promise<boolean>;
  release(task: { ended?: string }): Promise<void>;
  /** The next events of a session, from its first one on. @returns sequence and text of each. */
  follow(count: number): Promise<[sequence: number, text: string][]>;
}

/** What a process does when it is asked: one service, one lease, one subscription. */
export class SessionWorkerTasks implements WorkerTasks {
  readonly #openService: OpenSessionWorker;
  #opened: BaseSessionService | undefined;
  #held: { readonly session: Session; readonly lease: SessionLease } | undefined;
  #followed: AsyncIterator<Event> | undefined;

  constructor(openService: OpenSessionWorker) {
    this.#openService = openService;
  }

  async open(data: unknown): Promise<void> {
    this.#opened = await this.#openService(data);
  }

  async create(sessionId: string): Promise<void> {
    await this.#service.createSession({ ...KEY, sessionId });
  }

  async append({ writer, count }: AppendTask): Promise<number[]> {
    const session = await load(this.#service);
    const sequences: number[] = [];
    for (let n = 1; n <= count; n++) {
      const text = `${writer}:${n}`;
      const stateDelta: Record<string, unknown> = {};
      for (const scope of ["", "user:", "app:"]) {
        stateDelta[`${scope}${writer}`] = n;
        stateDelta[`${scope}all`] = text;
      }
      const event = message(text, { actions: { stateDelta } });
      const { sequence = 0 } = await this.#service.appendEvent({ session, event });
      sequences.push(sequence);
    }
    return sequences;
  }

  async lease({ ttlMs, waitMs }: LeaseTask): Promise<Granted> {
    const request = { ...KEY, owner: "worker", ttlMs, waitMs };
    const { session, lease, openInvocationId } = await this.#service.openSession(request);
    this.#held = { session, lease };
    const { epoch, attempt } = lease;
    const texts = session.events.map(({ content }) => content?.parts?.[0]?.text ?? "");
    return { epoch, attempt, openInvocationId, texts };
  }

  async appendLeased({
    text,
    invocationId,
  }: {
    text: string;
    invocationId?: string;
  }): Promise<Stored> {
    const { session, lease } = this.#holding;
    const event = message(text, invocationId === undefined ? {} : { invocationId });
    const header = invocationId === undefined ? undefined : { invocationId };
    const { sequence = 0 } = await this.#service.appendEvent({ session, event, lease, header });
    return { sequence };
  }

  async isLost(): Promise<boolean> {
    return this.#holding.lease.lost.aborted;
  }

  async release(task: { ended?: string }): Promise<void> {
    await this.#holding.lease.release(task);
  }

  async follow(count: number): Promise<[number, string][]> {
    this.#followed ??= this.#service
      .subscribe({ ...KEY, afterSequence: 0 })
      [Symbol.asyncIterator]();
    const seen: [number, string][] = [];
    while (seen.length < count) {
      const next = await this.#followed.next();
      if (next.done) break;
      const { sequence = 0, content } = next.value;
      seen.push([sequence, content?.parts?.[0]?.text ?? ""]);
    }
    return seen;
  }

  get #service(): BaseSessionService {
    if (!this.#opened) throw new Error("`open` comes first.");
    return this.#opened;
  }

  get #holding(): { readonly session: Session; readonly lease: SessionLease } {
    if (!this.#held) throw new Error("`lease` comes first.");
    return this.#held;
  }
}
