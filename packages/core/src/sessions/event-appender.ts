import { AdkError } from "../errors.ts";
import { encodeEvent, sealEvent, type EncodedEvent } from "../events/codec.ts";
import type { Event } from "../events/event.ts";
import { checkSignal } from "../internal/check-signal.ts";
import type { Clock } from "../internal/clock.ts";
import { setOwn } from "../internal/json.ts";
import { applyDelta } from "../log/apply-delta.ts";
import { advancePending, type PendingCalls } from "../log/pending.ts";
import type { DecodedWindow } from "./decoded-windows.ts";
import { encodeHeaderChange, encodePending } from "./header-change.ts";
import { HeldLease } from "./lease.ts";
import { refusalError } from "./refusal-error.ts";
import type { AppendEventRequest } from "./requests.ts";
import { encodeDelta } from "./scoped-values.ts";
import type { SessionReader } from "./session-reader.ts";
import type {
  AppendCommand,
  Appended,
  SessionHeader,
  SessionKey,
  SessionStore,
} from "./session-store.ts";
import type { Session } from "./session.ts";
import { checkEvent, checkInteger, checkSession, invalid } from "./validate.ts";

/** What the service knows about a session object that it handed out (or was handed). */
interface Handle {
  readonly key: SessionKey;
  readonly window: DecodedWindow | undefined;
  /** What the stored header is known to say of waiting calls; `undefined`: not known. */
  headerPending: PendingCalls | undefined;
  isBusy: boolean;
  /** Appends that wait for the one before them. */
  readonly waiting: (() => void)[];
}

export interface EventAppenderOptions {
  readonly store: SessionStore;
  readonly reader: SessionReader;
  readonly clock: Clock;
  readonly maxEventBytes: number;
}

/**
 * Appends events: encodes at once, so that the caller may go on with the object, then sends one after the other for each
 * session object, in the order of the calls, and brings that object up to date when the store has said yes.
 */
export class EventAppender {
  readonly #options: EventAppenderOptions;
  readonly #handles: WeakMap<Session, Handle> = new WeakMap();
  #active = 0;
  #onIdle: (() => void)[] = [];

  constructor(options: EventAppenderOptions) {
    this.#options = options;
  }

  /** Ties a session object to the window its events came from. */
  track(session: Session, window: DecodedWindow, header: SessionHeader): void {
    // One that was never kept is not held: what a weak map leads to lives until the next full collection.
    const handle = newHandle(keyOf(session), window.isKept ? window : undefined);
    if ((header.pendingCalls ?? null) === encodePending(session.pendingCalls))
      handle.headerPending = session.pendingCalls;
    this.#handles.set(session, handle);
  }

  /** Resolves when no append is under way. */
  async idle(): Promise<void> {
    if (this.#active > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  async append(request: AppendEventRequest): Promise<Event> {
    const { event, session, signal } = request;
    checkSignal(signal);
    let handle = this.#handles.get(session);
    if (!handle) {
      handle = newHandle(checkSession(session), undefined);
      this.#handles.set(session, handle);
    }
    checkEvent(event);
    checkInteger("expectedLastSequence", request.expectedLastSequence, 0);
    if (request.lease !== undefined && typeof request.lease?.leaseId !== "string")
      throw invalid("`lease` must be a lease that openSession or acquireLease gave.");
    if (request.header && !request.lease)
      throw invalid(
        "`header` is written under a lease only. Pass the `lease` too, or leave the header out.",
      );
    const encoded = encodeEvent(event, { maxEventBytes: this.#options.maxEventBytes });
    this.#active++;
    if (handle.isBusy) {
      const { waiting } = handle;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    handle.isBusy = true;
    try {
      checkSignal(signal);
      return await this.#send(request, handle, encoded);
    } finally {
      const next = handle.waiting.shift();
      if (next) next();
      else handle.isBusy = false;
      if (--this.#active === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
    }
  }

  async #send(request: AppendEventRequest, handle: Handle, encoded: EncodedEvent): Promise<Event> {
    const { session, lease, header, expectedLastSequence, signal } = request;
    const { appName, userId, sessionId } = handle.key;
    const command: AppendCommand = {
      appName,
      userId,
      sessionId,
      incarnation: session.incarnation,
      id: encoded.event.id,
      timestamp: encoded.event.timestamp,
      data: encoded.data,
    };
    const delta = encodeDelta(encoded.event);
    if (delta) command.delta = delta;
    if (expectedLastSequence !== undefined) command.expectedLastSequence = expectedLastSequence;
    encoded.event.sequence = session.lastSequence + 1; // unless others were faster
    const pending = advancePending(session.pendingCalls, encoded.event, session.events);
    let sentAt = 0;
    if (lease) {
      const patch = header ? encodeHeaderChange(header) : {};
      // The difference to what is stored, not to this session object: an answer from the side is written with the next event.
      if (patch.pendingCalls === undefined && pending !== handle.headerPending)
        patch.pendingCalls = encodePending(pending);
      sentAt = this.#options.clock.now();
      command.lease = { leaseId: lease.leaseId, ttlMs: lease.ttlMs, header: patch };
    }
    const outcome = await this.#options.store.append(command, signal);
    if (outcome.status !== "ok") {
      const isBehind = "lastSequence" in outcome && outcome.lastSequence < session.lastSequence;
      const error = isBehind
        ? regressedRefusal(session, outcome.lastSequence)
        : refusalError(outcome, { sessionId, eventId: command.id, expectedLastSequence });
      if (outcome.status === "fenced" && lease instanceof HeldLease) lease.lose(error);
      throw error;
    }
    if (lease instanceof HeldLease) {
      // A duplicate has extended nothing.
      lease.confirm(outcome.duplicate ? 0 : sentAt, outcome.cancelRequested);
      if (header?.invocationId !== undefined) lease.opened(header.invocationId);
    }
    if (lease) handle.headerPending = outcome.duplicate ? undefined : pending;
    return await this.#accept(request, handle, encoded, outcome, pending);
  }

  /** The store has said yes: the caller's session follows. */
  async #accept(
    request: AppendEventRequest,
    handle: Handle,
    encoded: EncodedEvent,
    { sequence, lastUpdateTime, duplicate }: Appended,
    pending: PendingCalls,
  ): Promise<Event> {
    const { session } = request;
    const stored = sealEvent(encoded, sequence);
    if (sequence <= session.lastSequence) {
      if (duplicate) return stored;
      throw regressed(session, sequence);
    }
    if (sequence === session.lastSequence + 1) this.#add(session, handle, stored, pending);
    else {
      for (const missed of await this.#missed(request, handle, sequence))
        this.#add(session, handle, missed);
      this.#add(session, handle, stored);
    }
    session.lastUpdateTime = lastUpdateTime;
    const { temporary, temporaryRemoved } = encoded;
    for (const key of temporaryRemoved ?? []) delete session.state[key];
    for (const key of Object.keys(temporary ?? {})) setOwn(session.state, key, temporary?.[key]);
    const given = request.header?.pendingCalls;
    if (given !== undefined) session.pendingCalls = handle.headerPending = { ...given };
    return stored;
  }

  /** @param pending what waits after the event, where that is known. */
  #add(session: Session, handle: Handle, event: Event, pending?: PendingCalls): void {
    session.pendingCalls = pending ?? advancePending(session.pendingCalls, event, session.events);
    session.events.push(event);
    session.lastSequence = event.sequence as number;
    applyDelta(session.state, event);
    if (handle.window) this.#options.reader.windows.extend(handle.window, event);
  }

  /** What others appended since the handle was up to date. */
  async #missed(request: AppendEventRequest, handle: Handle, sequence: number): Promise<Event[]> {
    const { session, signal } = request;
    const { reader } = this.#options;
    const from = session.lastSequence + 1;
    try {
      const snapshot = await reader.read(
        { ...handle.key, events: { from, to: sequence - 1, limit: READ_AHEAD } },
        signal,
      );
      if (snapshot?.header.incarnation !== session.incarnation)
        throw refusalError({ status: "gone" }, handle.key);
      return await reader.range(snapshot.header, snapshot.events, from, sequence - 1, signal);
    } catch (error) {
      if (!AdkError.isInstance(error)) throw error;
      throw new AdkError(
        error.code,
        `The event is stored at sequence ${sequence}, but what others appended before it could not be read. Append it again to bring the session up to date. ${error.message}`,
        {
          cause: error,
          retryable: error.retryable,
          details: { ...error.details, committed: true },
        },
      );
    }
  }
}

const READ_AHEAD = 1_000;

function newHandle(key: SessionKey, window: DecodedWindow | undefined): Handle {
  return { key, window, headerPending: undefined, isBusy: false, waiting: [] };
}

function keyOf({ appName, userId, id }: Session): SessionKey {
  return { appName, userId, sessionId: id };
}

/** Whatever the store refuses it for: it is not the log that the lease, or the expectation, is about. */
function regressedRefusal(session: Session, found: number): AdkError {
  return new AdkError(
    "SESSION_REGRESSED",
    `Session ${JSON.stringify(session.id)} was at sequence ${session.lastSequence}, and the store is at ${found}: it lost what it had acknowledged (a failover?), leases too. Nothing was stored. Load the session again.`,
    {
      details: {
        sessionId: session.id,
        known: session.lastSequence,
        found,
        committed: false,
      },
    },
  );
}

function regressed(session: Session, sequence: number): AdkError {
  return new AdkError(
    "SESSION_REGRESSED",
    `Session ${JSON.stringify(session.id)} was at sequence ${session.lastSequence}, and the store gave a new event ${sequence}: it lost what it had acknowledged (a failover?). The event is stored. Load the session again.`,
    {
      details: {
        sessionId: session.id,
        known: session.lastSequence,
        found: sequence,
        committed: true,
      },
    },
  );
}
