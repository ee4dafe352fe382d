import { InvocationContext } from "../context/invocation-context.ts";
import type { Invocation } from "../context/invocation.ts";
import { WorkingState } from "../context/working-state.ts";
import { AdkError } from "../errors.ts";
import { createEvent } from "../events/event.ts";
import { settlesWithin } from "../internal/clock.ts";
import { GraceGate } from "../internal/grace-gate.ts";
import { orStopped, Stopped } from "../internal/stopped.ts";
import { failedNode } from "../log/agent-run.ts";
import { type LogWindow, withOlder } from "../log/window.ts";
import type { SessionLease } from "../sessions/lease.ts";
import type { HeaderChange, OpenedSession } from "../sessions/requests.ts";
import { type Accepted, accept } from "./accept.ts";
import { answerInstead, begin } from "./begin.ts";
import { Commits } from "./commit.ts";
import type { StoreSummary } from "./compact.ts";
import type { StreamedRun } from "./event-stream.ts";
import type { HandOff } from "./hand-off.ts";
import { isLeftToSeal, isSettled } from "./is-settled.ts";
import { open } from "./open.ts";
import { readOn } from "./read-on.ts";
import type { CheckedRunRequest } from "./run-request.ts";
import type { RunSettings } from "./run-settings.ts";
import { abortEvents } from "./seal.ts";

/** Why a run stops before its end. */
export type StopReason =
  /** The caller broke off: nothing is sealed. */
  | "break"
  /** The caller's signal, or a cancel: what is open is sealed. */
  | "abort"
  /** The runner closes: as a break, but the invocation stays listed as interrupted. */
  | "close"
  /** Somebody else may hold the session by now: nothing can be written. */
  | "lost";

export interface RunOptions {
  /** Shared with the run whose tool this one is. */
  readonly llmCalls?: { made: number };
  /** Whether its answers have been taken in time already, by the log of the caller. */
  readonly takesLateAnswers?: boolean;
  readonly onEnd?: (run: Run) => void;
  /** Opens the session where that may take its time, and gives the request its last form. Writes nothing. */
  readonly openFor?: (
    stopping: AbortSignal,
  ) => Promise<{ opened: OpenedSession; request: CheckedRunRequest }>;
}

/** The engine's own last steps get this much more than the work they wait for; an agent, half of it. */
const END_GRACE_MS = 1_000;
const AGENT_GRACE_MS = 500;

/**
 * One run, from the request to the release of the lease: open → begin → run and commit → end. Whatever happens, the last
 * step is taken: after an early close, an abort, a failure, and when something hangs.
 */
export class Run implements StreamedRun {
  readonly #handOff: HandOff;
  readonly #settings: RunSettings;
  #request: CheckedRunRequest;
  readonly #llmCalls: { made: number };
  readonly #takesLateAnswers: boolean;
  readonly #onEnd: ((run: Run) => void) | undefined;
  readonly #openFor: RunOptions["openFor"];
  /** Whether it waits for the session, and has written nothing. */
  #isWaiting = false;
  readonly #stopping: AbortController = new AbortController();
  #stopReason: StopReason | undefined;
  #invocation: Invocation | undefined;
  #ended: Promise<void> | undefined;
  #cancelIdleTimer: (() => void) | undefined;
  /** Since when the caller has an event that it has not come back from. */
  #waitingSince: number | undefined;

  constructor(
    settings: RunSettings,
    request: CheckedRunRequest,
    handOff: HandOff,
    options: RunOptions = {},
  ) {
    this.#settings = settings;
    this.#request = request;
    this.#handOff = handOff;
    this.#llmCalls = options.llmCalls ?? { made: 0 };
    this.#takesLateAnswers = options.takesLateAnswers ?? false;
    this.#onEnd = options.onEnd;
    this.#openFor = options.openFor;
  }

  start(): void {
    this.#ended ??= this.#execute();
  }

  async breakOff(): Promise<void> {
    await this.stop("break");
  }

  /** Resolves when the run has ended. */
  async stop(reason: StopReason): Promise<void> {
    this.#stopReason ??= reason;
    this.#stopping.abort();
    if (reason === "close" && this.#isWaiting) this.#handOff.fail(closedWhileWaiting());
    if (reason === "break" || reason === "close") this.#handOff.abandon();
    else this.#handOff.stopWaiting();
    await this.#ended;
  }

  async #execute(): Promise<void> {
    try {
      const opened = await this.#open();
      if (opened) await this.#withSession(opened);
      this.#handOff.close();
    } catch (error) {
      this.#handOff.fail(error);
    } finally {
      this.#onEnd?.(this);
    }
  }

  /**
   * `undefined` when the caller has left in the meantime: then nothing has begun. A lease that still comes is given back.
   *
   * @throws AdkError `ABORTED` when the store does not answer an aborted run.
   */
  async #open(): Promise<OpenedSession | undefined> {
    const { signal } = this.#stopping;
    const { abortSignal } = this.#request;
    const { clock, abortGraceMs: graceMs } = this.#settings;
    using gate = abortSignal && new GraceGate(abortSignal, { clock, graceMs });
    this.#isWaiting = this.#openFor !== undefined;
    const opening = this.#openFor?.(signal) ?? this.#openNow(signal);
    try {
      const { opened, request } = await orStopped(gate ? gate.pass(opening) : opening, signal);
      this.#request = request;
      if (!signal.aborted) return opened;
    } catch (error) {
      if (!signal.aborted && !gate?.isClosed) throw error;
    } finally {
      this.#isWaiting = false;
    }
    void opening.then(
      ({ opened }) => opened.lease.release(),
      () => undefined,
    );
    if (signal.aborted) return undefined;
    throw new AdkError(
      "ABORTED",
      "The run was aborted while its session was being opened; nothing of it was stored.",
      { cause: abortSignal?.reason, details: { committed: false } },
    );
  }

  async #openNow(
    signal: AbortSignal,
  ): Promise<{ opened: OpenedSession; request: CheckedRunRequest }> {
    const request = this.#request;
    return { opened: await open(this.#settings, request, signal), request };
  }

  async #withSession(opened: OpenedSession): Promise<void> {
    const { lease } = opened;
    const unlink = this.#listen(opened);
    let commits: Commits | undefined;
    let context: InvocationContext | undefined;
    /** Whether it was open already, and this run has led it to its end without storing anything. */
    let isOver = false;
    try {
      const window = { windowFrom: opened.session.firstSequence, kept: opened.kept };
      const accepted = await this.#accept(
        opened,
        this.#request.message,
        () => `e-${this.#settings.newId()}`,
      );
      const { invocationId } = this.#request;
      if (invocationId !== undefined && invocationId !== accepted.invocationId)
        this.#settings.logger.warn(
          `The answer belongs to invocation ${accepted.invocationId}; the given one, ${invocationId}, does not count.`,
        );
      context = this.#context(opened, accepted, window, () => commits as Commits);
      this.#invocation = context.invocation;
      commits = new Commits(context, lease, this.#handOff);
      if (this.#settings.resumable && isSettled(this.#settings, this.#request, opened, accepted))
        return await this.#notForEver(this.#compact(context, commits));
      await this.#notForEver(this.#work(context, commits, opened, accepted));
      isOver = opened.openInvocationId === accepted.invocationId;
    } finally {
      unlink();
      const hasEnded = (commits?.hasOpened || isOver) && this.#stopReason !== "close";
      // A hook may have turned the message into an answer, which belongs to another invocation.
      const ended = hasEnded ? this.#invocation?.id : undefined;
      await this.#giveBack(lease, {
        ...(ended === undefined ? {} : { ended }),
        ...this.#headerAtEnd(context, hasEnded ? undefined : opened.openInvocationId),
      });
    }
  }

  /** A store that does not answer keeps the caller no longer than work that does not stop; then the lease lapses by itself. */
  async #giveBack(
    lease: SessionLease,
    request: { ended?: string; header?: HeaderChange },
  ): Promise<void> {
    const { clock, abortGraceMs, logger } = this.#settings;
    const graceMs = abortGraceMs + END_GRACE_MS;
    const sentAt = clock.now();
    await settlesWithin(clock, graceMs, lease.release(request));
    const waitedMs = clock.now() - sentAt;
    if (waitedMs >= Math.min(graceMs, lease.ttlMs))
      logger.warn(
        `The store has not answered the release of the lease on session ${this.#request.sessionId} for ${waitedMs} ms; it lapses by itself.`,
      );
  }

  async #accept(
    opened: OpenedSession,
    message: CheckedRunRequest["message"],
    newInvocationId: () => string,
  ): Promise<Accepted> {
    const { invocationId } = this.#request;
    const asksForLog = await readOn(this.#settings, opened, { message, invocationId });
    const { session, kept } = opened;
    return accept({
      message,
      invocationId,
      events: asksForLog ? withOlder(kept, session.events) : session.events,
      resumable: this.#settings.resumable,
      newInvocationId,
      now: this.#takesLateAnswers ? 0 : this.#settings.clock.now(),
    });
  }

  /** What the next run is to load, where that has changed without a summary of this run: one was stored beside it, say. */
  #headerAtEnd(
    context: InvocationContext | undefined,
    openInvocationId: string | undefined,
  ): { header?: HeaderChange } {
    if (!context || this.#stopReason === "close" || this.#stopReason === "lost") return {};
    const header = this.#settings.compactions?.headerChange(context.invocation, openInvocationId);
    return header ? { header } : {};
  }

  /** What follows from the signals: the caller's, the lease's, and the time an event has not been taken. */
  #listen({ lease }: OpenedSession): () => void {
    const { abortSignal } = this.#request;
    const onAbort = (): void => void this.stop("abort");
    if (abortSignal?.aborted) onAbort();
    else abortSignal?.addEventListener("abort", onAbort, { once: true });
    const { lost, cancelled } = lease;
    const onLost = (): void => void this.stop("lost");
    if (lost.aborted) onLost();
    else lost.addEventListener("abort", onLost, { once: true });
    if (cancelled.aborted) onAbort();
    else cancelled.addEventListener("abort", onAbort, { once: true });
    const { clock, consumerIdleMs } = this.#settings;
    let gaveUp = false;
    const giveUp = (): void => {
      gaveUp = true;
      lease.keepAlive(false);
    };
    this.#handOff.onWaiting = (waiting) => {
      this.#waitingSince = waiting ? clock.now() : undefined;
      if (waiting || !gaveUp) return;
      gaveUp = false;
      lease.keepAlive(true);
      this.#watchIdle(consumerIdleMs, giveUp);
    };
    this.#watchIdle(consumerIdleMs, giveUp);
    return () => {
      abortSignal?.removeEventListener("abort", onAbort);
      this.#cancelIdleTimer?.();
      this.#handOff.onWaiting = undefined;
    };
  }

  /** A caller that went away without a word must not keep the session for ever. */
  #watchIdle(ms: number, giveUp: () => void): void {
    const { clock, consumerIdleMs } = this.#settings;
    const look = (): void => {
      const idleMs = this.#waitingSince === undefined ? 0 : clock.now() - this.#waitingSince;
      if (idleMs >= consumerIdleMs) giveUp();
      else this.#watchIdle(consumerIdleMs - idleMs, giveUp);
    };
    this.#cancelIdleTimer = clock.after(ms, look, true);
  }

  /** Work that was told to stop is waited for a while, then abandoned. */
  async #notForEver(work: Promise<void>): Promise<void> {
    const { clock, abortGraceMs, logger } = this.#settings;
    const { signal } = this.#stopping;
    let onStop: (() => void) | undefined;
    const abandoned = new Promise<void>((resolve) => {
      onStop = () =>
        void settlesWithin(clock, abortGraceMs + END_GRACE_MS, work).then((settled) => {
          if (!settled) {
            logger.error(
              `Run ${this.#invocation?.id} has not stopped ${abortGraceMs + END_GRACE_MS} ms after it was told to; it is abandoned.`,
            );
            this.#handOff.abandon();
          }
          resolve();
        });
      if (signal.aborted) onStop();
      else signal.addEventListener("abort", onStop, { once: true });
    });
    try {
      await Promise.race([work, abandoned]);
    } finally {
      if (onStop) signal.removeEventListener("abort", onStop);
      work.catch(() => undefined);
    }
  }

  async #work(
    context: InvocationContext,
    commits: Commits,
    opened: OpenedSession,
    accepted: Accepted,
  ): Promise<void> {
    const { pluginManager } = context;
    let stored = false;
    try {
      if (this.#settings.resumable && isLeftToSeal(this.#request, opened, accepted))
        return await this.#finish(context, commits, true);
      const turns = await begin(this.#request, context, commits, accepted, async (message) => {
        const again = await this.#accept(opened, message, () => accepted.invocationId);
        context.invocation.kept = opened.kept;
        return again;
      });
      stored = true;
      const answer = turns.length > 0 ? await answerInstead(context) : undefined;
      if (answer) await commits.event(answer);
      else for (const turn of turns) await this.#drive(turn, commits);
      await this.#finish(context, commits);
      await this.#compact(context, commits);
    } catch (thrown) {
      const error = this.#stopReason === "lost" ? leaseLost(thrown) : thrown;
      const { fatalErrors } = context.invocation;
      const isOfStore =
        typeof error === "object" && error !== null && fatalErrors.has(error) && !isOfEvent(error);
      if (stored && !isOfStore && !(error instanceof AfterRunFailed) && this.#stopReason !== "lost")
        await this.#leaveErrorEvent(error, context, commits);
      const original = error instanceof AfterRunFailed ? error.cause : error;
      await pluginManager.notify("onRunErrorCallback", {
        invocationContext: context,
        error: original instanceof Error ? original : new Error(String(original)),
      });
      throw original;
    }
  }

  /**
   * Runs the agent and takes each of its events on its way. Told to stop, the agent is left at its next event; results that
   * it still has are taken too.
   */
  async #drive(context: InvocationContext, commits: Commits): Promise<void> {
    const { signal } = this.#stopping;
    if (signal.aborted) return;
    const { clock, abortGraceMs, logger } = this.#settings;
    using gate = new GraceGate(signal, { clock, graceMs: abortGraceMs + AGENT_GRACE_MS });
    const events = context.agent.runAsync(context);
    let isLeft = false;
    let isOver = false;
    try {
      for (;;) {
        const leave: boolean = signal.aborted && !isLeft;
        isLeft ||= leave;
        const next = await gate.pass(leave ? events.return() : events.next());
        isOver = next.done === true;
        if (next.done || this.#stopReason === "lost") return;
        await commits.event(next.value);
      }
    } catch (error) {
      if (!signal.aborted || context.invocation.fatalErrors.has(error as object)) throw error;
      if (gate.isClosed)
        logger.warn(
          `Agent ${context.agent.name} has not stopped ${abortGraceMs} ms after it was told to; it is abandoned.`,
        );
      else if (!(error instanceof Stopped))
        logger.debug("An error after the run was told to stop is dropped.", { error });
    } finally {
      while (!isOver && !gate.isClosed)
        isOver = await gate.pass(events.return()).then(
          ({ done }) => done === true,
          () => true,
        );
      if (gate.isClosed) void events.return().catch(() => undefined);
    }
  }

  async #finish(
    context: InvocationContext,
    commits: Commits,
    isAborted: boolean = this.#stopReason === "abort",
  ): Promise<void> {
    if (this.#stopReason === "lost") throw leaseLost(undefined);
    if (isAborted) for (const event of abortEvents(context)) await commits.event(event);
    try {
      await context.pluginManager.each("afterRunCallback", { invocationContext: context });
    } catch (error) {
      throw new AfterRunFailed(error);
    }
  }

  /** Sums up older events, unless the run was stopped before its end. A caller that breaks off waits for it no longer than for a tool. */
  async #compact(context: InvocationContext, commits: Commits): Promise<void> {
    const { compactions, clock, abortGraceMs } = this.#settings;
    if (!compactions || (this.#stopReason !== undefined && this.#stopReason !== "break")) return;
    const { signal } = this.#stopping;
    using gate = new GraceGate(signal, { clock, graceMs: abortGraceMs });
    const tooLate = new AbortController();
    const onStop = (): void => {
      if (this.#stopReason !== "break") tooLate.abort();
    };
    signal.addEventListener("abort", onStop, { once: true });
    const store: StoreSummary = (event, header) => commits.summary(event, header);
    try {
      await gate.pass(compactions.afterRun(context, store, tooLate.signal));
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
    } finally {
      signal.removeEventListener("abort", onStop);
      tooLate.abort();
    }
  }

  async #leaveErrorEvent(
    error: unknown,
    context: InvocationContext,
    commits: Commits,
  ): Promise<void> {
    const { invocation } = context;
    const origin = invocation.failures.get(error);
    const branch = origin?.branch;
    try {
      await commits.event(
        createEvent({
          id: invocation.newId(),
          timestamp: invocation.clock.now(),
          invocationId: invocation.id,
          author: origin?.author ?? context.agent.name,
          nodeInfo: failedNode(origin?.author ?? context.agent.name),
          ...(branch === undefined ? {} : { branch }),
          errorCode: errorCode(error),
          errorMessage: error instanceof Error ? error.message : String(error),
        }),
      );
    } catch (failure) {
      invocation.logger.error(`Run ${invocation.id} failed and could not leave its error event.`, {
        error: failure,
      });
    }
  }

  #context(
    opened: OpenedSession,
    accepted: Accepted,
    window: LogWindow,
    commits: () => Commits,
  ): InvocationContext {
    const settings = this.#settings;
    const { session, lease } = opened;
    const { compactions } = settings;
    const { message, runConfig } = this.#request;
    const invocation: Invocation = {
      id: accepted.invocationId,
      session,
      kept: opened.kept,
      window,
      userContent: message,
      runConfig,
      sessionService: settings.sessionService,
      artifactService: settings.artifactsOf({
        appName: session.appName,
        userId: session.userId,
        sessionId: session.id,
      }),
      memoryService: settings.memoryService,
      credentialService: settings.credentialService,
      pluginManager: settings.pluginManager,
      state: new WorkingState(session),
      signal: this.#stopping.signal,
      lease,
      resumable: settings.resumable,
      openedAt: session.lastSequence,
      contentsCache: settings.contentsCache,
      clock: settings.clock,
      newId: settings.newId,
      logger: settings.logger,
      abortGraceMs: settings.abortGraceMs,
      llmCalls: this.#llmCalls,
      failures: new Map(),
      fatalErrors: new WeakSet(),
      record: (event) => commits().record(event),
      compact:
        compactions &&
        ((context) =>
          compactions.beforeModelCall(context, (event, header) =>
            commits().summary(event, header),
          )),
      runNested: (request) => settings.runNested(settings, invocation, request),
    };
    return new InvocationContext({ invocation, agent: settings.rootAgent });
  }
}

/** Marks a failure after everything of the run is stored: it leaves no error event. */
class AfterRunFailed extends Error {
  constructor(cause: unknown) {
    super("afterRun failed.", { cause });
  }
}

function closedWhileWaiting(): AdkError {
  return new AdkError(
    "CLOSED",
    "The runner was closed while the call waited for its session; nothing was changed. Make the call on another runner.",
    { details: { committed: false } },
  );
}

/** What could not be stored was the event; another one can be. */
const OF_EVENT: ReadonlySet<string> = new Set([
  "INVALID_ARGUMENT",
  "NOT_SERIALIZABLE",
  "EVENT_TOO_LARGE",
  "EVENT_ID_CONFLICT",
]);

function isOfEvent(error: object): boolean {
  return AdkError.isInstance(error) && OF_EVENT.has(error.code);
}

function leaseLost(cause: unknown): AdkError {
  if (AdkError.isInstance(cause, "SESSION_FENCED")) return cause;
  return new AdkError(
    "SESSION_FENCED",
    "The run has lost the lease on its session and was stopped: another run may hold it. What was stored stays; run again.",
    { retryable: true, ...(cause === undefined ? {} : { cause }) },
  );
}

function errorCode(error: unknown): string {
  if (AdkError.isInstance(error)) return error.code;
  return error instanceof Error ? error.name : "Error";
}
