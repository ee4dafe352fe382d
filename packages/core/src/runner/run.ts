import type { InvocationContext } from "../context/invocation-context.ts";
import { AdkError } from "../errors.ts";
import { settlesWithin } from "../internal/clock.ts";
import { GraceGate } from "../internal/grace-gate.ts";
import { orStopped } from "../internal/stopped.ts";
import { isRewound } from "../log/rewind.ts";
import type { SessionLease } from "../sessions/lease.ts";
import type { HeaderChange, OpenedSession } from "../sessions/requests.ts";
import type { Accepted } from "./accept.ts";
import { acceptOnLog, type AcceptOnLogRequest } from "./accept-on-log.ts";
import { Commits } from "./commit.ts";
import { compactAfterRun } from "./compact-after-run.ts";
import type { StreamedRun } from "./event-stream.ts";
import type { HandOff } from "./hand-off.ts";
import { isSettled } from "./is-settled.ts";
import { listen } from "./listen.ts";
import { newContext } from "./new-context.ts";
import { notForEver } from "./not-for-ever.ts";
import { open } from "./open.ts";
import type { RunParts } from "./run-parts.ts";
import type { CheckedRunRequest } from "./run-request.ts";
import type { RunSettings } from "./run-settings.ts";
import { type StopReason, StopSwitch } from "./stop-switch.ts";
import { watchIdle } from "./watch-idle.ts";
import { work } from "./work.ts";

export interface RunOptions {
  /** Shared with the run whose tool this one is. */
  readonly llmCalls?: { made: number };
  /** Whether its answers have been taken in time already, by the log of the caller. */
  readonly takesLateAnswers?: boolean;
  /** Why the run whose tool this one is was told to stop: what has to go on there later is not sealed here. */
  readonly callerStopReason?: () => StopReason | undefined;
  readonly onEnd?: (run: Run) => void;
  /** Opens the session where that may take its time, and gives the request its last form. Writes nothing. */
  readonly openFor?: (
    stopping: AbortSignal,
  ) => Promise<{ opened: OpenedSession; request: CheckedRunRequest }>;
}

/** The engine's own last steps get this much more than the work they wait for. */
const END_GRACE_MS = 1_000;

/**
 * One run, from the request to the release of the lease: open → begin → run and commit → end. Whatever happens, the last
 * step is taken: after an early close, an abort, a failure, and when something hangs.
 */
export class Run implements StreamedRun {
  readonly #handOff: HandOff;
  readonly #settings: RunSettings;
  readonly #options: RunOptions;
  readonly #stopSwitch: StopSwitch = new StopSwitch();
  #request: CheckedRunRequest;
  /** Whether it waits for the session, and has written nothing. */
  #isWaiting = false;
  #ended: Promise<void> | undefined;

  constructor(
    settings: RunSettings,
    request: CheckedRunRequest,
    handOff: HandOff,
    options: RunOptions = {},
  ) {
    this.#settings = settings;
    this.#request = request;
    this.#handOff = handOff;
    this.#options = options;
  }

  start(): void {
    this.#ended ??= this.#execute();
  }

  async breakOff(): Promise<void> {
    await this.stop("break");
  }

  /** Resolves when the run has ended. */
  async stop(reason: StopReason): Promise<void> {
    this.#stopSwitch.stop(reason);
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
      this.#options.onEnd?.(this);
    }
  }

  /**
   * `undefined` when the caller has left in the meantime: then nothing has begun. A lease that still comes is given back.
   *
   * @throws AdkError `ABORTED` when the store does not answer an aborted run.
   */
  async #open(): Promise<OpenedSession | undefined> {
    const { signal } = this.#stopSwitch;
    const { abortSignal } = this.#request;
    const { clock, abortGraceMs: graceMs } = this.#settings;
    const { openFor } = this.#options;
    using gate = abortSignal && new GraceGate(abortSignal, { clock, graceMs });
    this.#isWaiting = openFor !== undefined;
    const opening = openFor?.(signal) ?? this.#openNow(signal);
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
    const { lease, openInvocationId } = opened;
    const whyAborted = (): StopReason => this.#options.callerStopReason?.() ?? "abort";
    const unlisten = listen(
      this.#request.abortSignal,
      lease,
      whyAborted,
      (reason) => void this.stop(reason),
    );
    const unwatch = watchIdle(this.#handOff, lease, this.#settings);
    let run: RunParts | undefined;
    /** Whether it was open already, and this run has led it to its end without storing anything. */
    let isOver = false;
    try {
      run = await this.#prepare(opened);
      const { settings, request, accepted } = run;
      if (settings.resumable && isSettled(settings, request, opened, accepted))
        return await this.#notForEver(compactAfterRun(run), run);
      const { invocationId } = accepted;
      const doing = work(run, (message) => this.#accept(opened, message, () => invocationId));
      await this.#notForEver(doing, run);
      isOver = openInvocationId === invocationId;
    } finally {
      unlisten();
      unwatch();
      const hasEnded = (run?.commits.hasOpened || isOver) && this.#stopSwitch.reason !== "close";
      // A hook may have turned the message into an answer, which belongs to another invocation.
      const ended = hasEnded ? run?.context.invocationId : takenBack(opened);
      await this.#giveBack(lease, {
        ...(ended === undefined ? {} : { ended }),
        ...this.#headerAtEnd(run?.context, ended === undefined ? openInvocationId : undefined),
      });
    }
  }

  async #prepare(opened: OpenedSession): Promise<RunParts> {
    const settings = this.#settings;
    const request = this.#request;
    const window = { windowFrom: opened.session.firstSequence, kept: opened.kept };
    const accepted = await this.#accept(opened, request.message, () => `e-${settings.newId()}`);
    const { invocationId } = accepted;
    if (request.invocationId !== undefined && request.invocationId !== invocationId)
      settings.logger.warn(
        `The answer belongs to invocation ${invocationId}; the given one, ${request.invocationId}, does not count.`,
      );
    const stopSwitch = this.#stopSwitch;
    const { llmCalls = { made: 0 } } = this.#options;
    const context = newContext(settings, {
      request,
      opened,
      invocationId,
      window,
      stopSwitch,
      llmCalls,
      commits: () => commits,
    });
    const commits = new Commits(context, opened.lease, this.#handOff);
    return { settings, request, opened, accepted, context, commits, stopSwitch };
  }

  #accept(
    opened: OpenedSession,
    message: CheckedRunRequest["message"],
    newInvocationId: () => string,
  ): Promise<Accepted> {
    const { invocationId } = this.#request;
    const { takesLateAnswers = false } = this.#options;
    const request: AcceptOnLogRequest = {
      message,
      invocationId,
      takesLateAnswers,
      newInvocationId,
    };
    return acceptOnLog(this.#settings, opened, request);
  }

  async #notForEver(doing: Promise<void>, { context, settings }: RunParts): Promise<void> {
    const { clock, logger } = settings;
    const graceMs = settings.abortGraceMs + END_GRACE_MS;
    const { signal } = this.#stopSwitch;
    const onAbandoned = (): void => {
      logger.error(
        `Run ${context.invocationId} has not stopped ${graceMs} ms after it was told to; it is abandoned.`,
      );
      this.#handOff.abandon();
    };
    await notForEver(doing, { signal, clock, graceMs, onAbandoned });
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

  /** What the next run is to load, where that has changed without a summary of this run: one was stored beside it, say. */
  #headerAtEnd(
    context: InvocationContext | undefined,
    openInvocationId: string | undefined,
  ): { header?: HeaderChange } {
    const { reason } = this.#stopSwitch;
    if (!context || reason === "close" || reason === "lost") return {};
    const header = this.#settings.compactions?.headerChange(context.invocation, openInvocationId);
    return header ? { header } : {};
  }
}

/** The open invocation, where a rewind has taken it back and could not say so any more: its process ended behind the event. */
function takenBack({ session, openInvocationId }: OpenedSession): string | undefined {
  if (openInvocationId === undefined) return undefined;
  return isRewound(session.events, openInvocationId) ? openInvocationId : undefined;
}

function closedWhileWaiting(): AdkError {
  return new AdkError(
    "CLOSED",
    "The runner was closed while the call waited for its session; nothing was changed. Make the call on another runner.",
    { details: { committed: false } },
  );
}
