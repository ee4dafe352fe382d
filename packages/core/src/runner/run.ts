import { InvocationContext } from "../context/invocation-context.ts";
import type { Invocation } from "../context/invocation.ts";
import { WorkingState } from "../context/working-state.ts";
import { AdkError } from "../errors.ts";
import { createEvent } from "../events/event.ts";
import { settlesWithin } from "../internal/clock.ts";
import { Stopped } from "../internal/stopped.ts";
import { failedNode } from "../log/agent-run.ts";
import { type LogWindow, withOlder } from "../log/window.ts";
import type { HeaderChange, OpenedSession } from "../sessions/requests.ts";
import { type Accepted, accept } from "./accept.ts";
import { begin } from "./begin.ts";
import { Commits } from "./commit.ts";
import type { StoreSummary } from "./compact.ts";
import type { StreamedRun } from "./event-stream.ts";
import { GraceGate } from "./grace-gate.ts";
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
  readonly #onEnd: ((run: Run) => void) | undefined;
  readonly #openFor: RunOptions["openFor"];
  /** Whether it waits for the session, and has written nothing. */
  #isWaiting = false;
  readonly #stopping: AbortController = new AbortController();
  #stopReason: StopReason | undefined;
  #invocationId: string | undefined;
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
      await this.#withSession(await this.#open());
      this.#handOff.close();
    } catch (error) {
      this.#handOff.fail(error);
    } finally {
      this.#onEnd?.(this);
    }
  }

  async #open(): Promise<OpenedSession> {
    if (!this.#openFor) return await open(this.#settings, this.#request);
    this.#isWaiting = true;
    try {
      const { opened, request } = await this.#openFor(this.#stopping.signal);
      this.#request = request;
      return opened;
    } finally {
      this.#isWaiting = false;
    }
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
      this.#invocationId = accepted.invocationId;
      context = this.#context(opened, accepted, window, () => commits as Commits);
      commits = new Commits(context, lease, this.#handOff);
      if (this.#settings.resumable && isSettled(this.#settings, this.#request, opened, accepted))
        return await this.#notForEver(this.#compact(context, commits));
      await this.#notForEver(this.#work(context, commits, opened, accepted));
      isOver = opened.openInvocationId === accepted.invocationId;
    } finally {
      unlink();
      const hasEnded = (commits?.hasOpened || isOver) && this.#stopReason !== "close";
      await lease.release({
        ...(hasEnded ? { ended: this.#invocationId } : {}),
        ...this.#headerAtEnd(context, hasEnded ? undefined : opened.openInvocationId),
      });
    }
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
    this.#handOff.onWaiting = (waiting) => {
      this.#waitingSince = waiting ? this.#settings.clock.now() : undefined;
      if (!waiting) lease.keepAlive(true);
    };
    this.#watchIdle(this.#settings.consumerIdleMs, () => lease.keepAlive(false));
    return () => {
      abortSignal?.removeEventListener("abort", onAbort);
      this.#cancelIdleTimer?.();
      this.#handOff.onWaiting = undefined;
    };
  }

  /** A caller that went away without a word must not keep the session for ever. */
  #watchIdle(ms: number, giveUp: () => void): void {
    const { clock, consumerIdleMs } = this.#settings;
    this.#cancelIdleTimer = clock.after(ms, () => {
      const idleMs = this.#waitingSince === undefined ? 0 : clock.now() - this.#waitingSince;
      if (idleMs >= consumerIdleMs) giveUp();
      this.#watchIdle(idleMs >= consumerIdleMs ? consumerIdleMs : consumerIdleMs - idleMs, giveUp);
    });
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
              `Run ${this.#invocationId} has not stopped ${abortGraceMs + END_GRACE_MS} ms after it was told to; it is abandoned.`,
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
      const begun = await begin(this.#request, context, commits, accepted, (message) =>
        this.#accept(opened, message, () => accepted.invocationId),
      );
      stored = true;
      if (begun.answer) await commits.event(begun.answer);
      else for (const turn of begun.contexts) await this.#drive(turn, commits);
      await this.#finish(context, commits);
      await this.#compact(context, commits);
    } catch (thrown) {
      const error = this.#stopReason === "lost" ? leaseLost(thrown) : thrown;
      const { fatalErrors } = context.invocation;
      const isOfCommit = typeof error === "object" && error !== null && fatalErrors.has(error);
      if (
        stored &&
        !isOfCommit &&
        !(error instanceof AfterRunFailed) &&
        this.#stopReason !== "lost"
      )
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
      const ended = isOver ? undefined : events.return();
      await (ended && gate.pass(ended).catch(() => undefined));
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
      get kept() {
        return opened.kept;
      },
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
