import type { BaseAgent } from "../agents/base-agent.ts";
import { checkResumability, type ResumabilityConfig } from "../app/app.ts";
import type { BaseArtifactService } from "../artifacts/base-artifact-service.ts";
import { scopeArtifactService } from "../artifacts/session-artifact-service.ts";
import type { BaseCredentialService } from "../auth/base-credential-service.ts";
import { consoleLogger } from "../context/logger.ts";
import { AdkError } from "../errors.ts";
import type { Event } from "../events/event.ts";
import { ContentsCache } from "../flows/contents/cache.ts";
import { checkOptions } from "../internal/check-options.ts";
import { systemClock } from "../internal/clock.ts";
import { randomId } from "../internal/ids.ts";
import type { BaseMemoryService } from "../memory/base-memory-service.ts";
import { PluginManager } from "../plugins/plugin-manager.ts";
import type { BaseSessionService } from "../sessions/base-session-service.ts";
import type { Session } from "../sessions/session.ts";
import { type AnswerRequest, checkAnswerRequest, openForAnswer } from "./answer.ts";
import { checkAgentTree } from "./check-agent-tree.ts";
import { closeToolsets } from "./close-toolsets.ts";
import { Compactions } from "./compactions.ts";
import { EventStream } from "./event-stream.ts";
import { fork, type RunnerForkSessionRequest } from "./fork.ts";
import type { HandOff } from "./hand-off.ts";
import { listPending, type ListPendingRequest, type ListPendingResponse } from "./list-pending.ts";
import { runNested } from "./nested-run.ts";
import { rewind, type RewindRequest } from "./rewind.ts";
import { Run } from "./run.ts";
import { type RunDebugOptions, runDebug } from "./run-debug.ts";
import { checkRunRequest, type RunAsyncRequest, RUN_REQUEST_OPTIONS } from "./run-request.ts";
import type { RunSettings } from "./run-settings.ts";
import { checkRunnerConfig, type RunnerConfig } from "./runner-options.ts";

const BRAND: unique symbol = Symbol.for("google.adk.runner") as never;

/** Whether `value` is a runner, of this or of another copy of the package. */
export function isRunner(value: unknown): value is Runner {
  return typeof value === "object" && value !== null && BRAND in value;
}

/** The invocation to stop, and its session. */
export interface CancelRequest {
  userId: string;
  sessionId: string;
  invocationId: string;
}

/**
 * Runs an app's agents inside stored sessions.
 *
 * It holds no conversation itself and serves any number of sessions at the same time; one session has one run at a time,
 * over all processes. Close it, or declare it with `await using`.
 */
export class Runner implements AsyncDisposable {
  readonly appName: string;
  /** The root agent. */
  readonly agent: BaseAgent;
  readonly pluginManager: PluginManager;
  readonly sessionService: BaseSessionService;
  readonly artifactService: BaseArtifactService | undefined;
  readonly memoryService: BaseMemoryService | undefined;
  readonly credentialService: BaseCredentialService | undefined;
  readonly resumabilityConfig: ResumabilityConfig | undefined;
  readonly autoCreateSession: boolean;
  readonly #settings: RunSettings;
  readonly #compactions: Compactions | undefined;
  readonly #closeTimeouts: { readonly pluginMs: number; readonly toolsetMs: number };
  readonly #running: Set<Run> = new Set();
  /** Rewinds and forks under way. */
  readonly #changing: Set<Promise<unknown>> = new Set();
  #closed: Promise<void> | undefined;

  /** @throws AdkError `INVALID_ARGUMENT` for options that do not fit, `UNSUPPORTED` for those not available yet. */
  constructor(config: RunnerConfig) {
    checkRunnerConfig(config);
    const { app, logger = consoleLogger, clock = systemClock, newId = randomId } = config;
    checkResumability(config.resumabilityConfig);
    this.appName = config.appName ?? app?.name ?? "";
    this.agent = (app?.rootAgent ?? config.agent) as BaseAgent;
    checkAgentTree(this.agent);
    this.pluginManager = new PluginManager(app?.plugins ?? config.plugins, { logger, clock });
    this.sessionService = config.sessionService;
    this.artifactService = config.artifactService;
    this.memoryService = config.memoryService;
    this.credentialService = config.credentialService;
    this.resumabilityConfig = app?.resumabilityConfig ?? config.resumabilityConfig;
    this.autoCreateSession = config.autoCreateSession ?? false;
    this.#closeTimeouts = {
      pluginMs: config.pluginCloseTimeoutMs ?? 5_000,
      toolsetMs: config.toolsetCloseTimeoutMs ?? 10_000,
    };
    const { artifactService, abortGraceMs = 5_000 } = config;
    this.#compactions =
      app?.eventsCompactionConfig &&
      new Compactions({
        config: app.eventsCompactionConfig,
        rootAgent: this.agent,
        clock,
        newId,
        logger,
        graceMs: abortGraceMs,
      });
    this.#settings = {
      appName: this.appName,
      rootAgent: this.agent,
      pluginManager: this.pluginManager,
      sessionService: this.sessionService,
      artifactsOf: (key) => artifactService && scopeArtifactService(artifactService, key),
      memoryService: this.memoryService,
      credentialService: this.credentialService,
      resumable: this.resumabilityConfig?.isResumable ?? false,
      autoCreateSession: this.autoCreateSession,
      contentsCache: new ContentsCache(),
      compactions: this.#compactions,
      logger,
      clock,
      newId,
      owner: `runner-${newId()}`,
      leaseTtlMs: config.leaseTtlMs ?? 15_000,
      abortGraceMs,
      consumerIdleMs: config.consumerIdleMs ?? 300_000,
      runNested,
    };
    Object.defineProperty(this, BRAND, { value: true });
  }

  /**
   * Runs one message to its final answer and yields the events as they happen: full events are stored before they are
   * yielded, partial ones are only shown. The run goes on when the caller comes back for the next event.
   *
   * Leaving the loop ends the run; what was stored stays. An aborted run ends with an event of `errorCode`
   * `INVOCATION_ABORTED`. A failed one leaves an event with its `errorCode`, then the error is thrown.
   *
   * @throws AdkError `INVALID_ARGUMENT`, `NOT_SERIALIZABLE`, `UNSUPPORTED`, `SESSION_NOT_FOUND`, `SESSION_BUSY` (another run is
   *   under way; `details.expiresInMs`), `INVOCATION_NOT_FOUND`, `CALL_NOT_FOUND`, `CALL_REWOUND`, `CALL_EXPIRED`,
   *   `FAILED_PRECONDITION`, `CLOSED`: before anything is written; `MODEL_FAILED`, `TOOL_FAILED`, `PLUGIN_FAILED`,
   *   `LLM_CALLS_LIMIT_EXCEEDED`, `SESSION_FENCED`, what callbacks and custom agents throw: after the message was stored.
   */
  runAsync(request: RunAsyncRequest): AsyncGenerator<Event, void, undefined> {
    return this.#stream(
      (handOff) =>
        new Run(this.#settings, checkRunRequest(request), handOff, {
          onEnd: (ended) => this.#running.delete(ended),
        }),
    );
  }

  /**
   * What waits for an answer from outside: calls of long-running tools, and confirmations, those inside agent tools included.
   * What has expired does not wait any more.
   *
   * With a `sessionId` it is read from the log and says everything. Without one it comes from the headers of all sessions of
   * the user, a page of sessions at a time (a page may hold no request at all): no events are read, so `invocationId`,
   * `askedAt`, `args`, `hint`, `payload` and `originalCall` are absent, and an answer that was appended from outside a run
   * counts only after the session's next run.
   *
   * @throws AdkError `INVALID_ARGUMENT`; `SESSION_NOT_FOUND`.
   */
  async listPending(request: ListPendingRequest): Promise<ListPendingResponse> {
    return await listPending(this.#settings, request);
  }

  /**
   * Answers a call that waits and goes on with its run, as {@link Runner.runAsync} with that answer does; but an answer counts
   * once: of all who give one, in any process, one goes on, and the others are refused as soon as its answer is stored.
   *
   * It waits up to `waitMs` while the session is busy. When the process ends behind the stored answer, go on with
   * `runAsync({ invocationId })`.
   *
   * @throws AdkError `CALL_ALREADY_ANSWERED`, `CALL_EXPIRED`, `CALL_REWOUND`, `CALL_NOT_FOUND`; `INVALID_ARGUMENT` when the
   *   answer does not fit the call's schema; `SESSION_BUSY` when it has waited long enough; `PLUGIN_FAILED` when a plugin puts
   *   another message in the place of the answer; `SESSION_NOT_FOUND`, `ABORTED`, `CLOSED`: before anything is written. Then as
   *   `runAsync`.
   */
  answer(request: AnswerRequest): AsyncGenerator<Event, void, undefined> {
    return this.#stream((handOff) => {
      const answer = checkAnswerRequest(request);
      return new Run(this.#settings, answer.run, handOff, {
        onEnd: (ended) => this.#running.delete(ended),
        openFor: (stopping) => openForAnswer(this.#settings, answer, stopping),
      });
    });
  }

  /**
   * Runs one message to its end and resolves to all full events. For scripts and tests.
   *
   * @throws as {@link Runner.runAsync}; what was stored stays.
   */
  async run(request: RunAsyncRequest): Promise<Event[]> {
    const events: Event[] = [];
    for await (const event of this.runAsync(request)) if (!event.partial) events.push(event);
    return events;
  }

  /**
   * Talks to the agent without any preparation: makes the session if it is missing, sends one message after the other and
   * prints what comes back. For trying things out.
   *
   * @returns the full events of all messages.
   */
  runDebug(messages: string | readonly string[], options: RunDebugOptions = {}): Promise<Event[]> {
    return runDebug(this, messages, options);
  }

  /**
   * Takes an invocation back, and everything that came after its beginning: the session's own state, its artifacts, what
   * waits and whose turn it is are as before it. State with `app:` and `user:` and the user's artifacts stay as they are.
   *
   * Nothing is deleted: one event of the user's is appended that says so, and artifacts get new versions with their old
   * content (an empty one where there was none, which loads as `undefined`).
   *
   * @throws AdkError `INVOCATION_NOT_FOUND` for an invocation that is unknown or was rewound already; `SESSION_BUSY` while a
   *   run is under way; `FAILED_PRECONDITION` when artifacts must be restored and the runner has no `artifactService`;
   *   `SESSION_NOT_FOUND`, `SESSION_FENCED`, `INVALID_ARGUMENT`, `ABORTED`, `CLOSED`; what the services throw.
   */
  async rewindAsync(request: RewindRequest): Promise<void> {
    this.#checkOpen();
    await this.#untilChanged(rewind(this.#settings, this.artifactService, request));
  }

  /**
   * A new session with the beginning of another one, its state and its artifacts at that time, and a future of its own. What
   * waits there can be answered in the fork, whatever happens in the session. Takes no lease: the session may be running.
   *
   * @throws AdkError `INVOCATION_NOT_FOUND`; `INVALID_ARGUMENT` when there is no event `atSequence`;
   *   `SESSION_ALREADY_EXISTS`; `FAILED_PRECONDITION` when artifacts must be copied and the runner has no `artifactService`;
   *   `SESSION_NOT_FOUND`, `INVALID_ARGUMENT`, `ABORTED`, `CLOSED`; what the services throw.
   */
  async forkSession(request: RunnerForkSessionRequest): Promise<Session> {
    this.#checkOpen();
    return await this.#untilChanged(fork(this.#settings, this.artifactService, request));
  }

  /**
   * Cancels a running invocation, in whichever process it runs; it ends as if its signal had been aborted.
   *
   * @returns false when that invocation is not running.
   */
  async cancel(request: CancelRequest): Promise<boolean> {
    const { userId, sessionId, invocationId } = RUN_REQUEST_OPTIONS;
    checkOptions("cancel", request, { userId, sessionId, invocationId });
    return await this.sessionService.requestCancel({ appName: this.appName, ...request });
  }

  /**
   * Stops what still runs (as if its callers had left; such invocations stay listed as interrupted), waits for rewinds and
   * forks under way, then closes toolsets and plugins and flushes the session service. The services stay open: who opened them closes them. Harmless when repeated.
   *
   * @throws AdkError `PLUGIN_FAILED` that names the plugins that failed to close.
   */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #stream(make: (handOff: HandOff) => Run): AsyncGenerator<Event, void, undefined> {
    return new EventStream({
      start: (handOff) => {
        this.#checkOpen();
        const run = make(handOff);
        this.#running.add(run);
        run.start();
        return run;
      },
    });
  }

  async #close(): Promise<void> {
    const { clock, logger } = this.#settings;
    await Promise.all([...this.#running].map((run) => run.stop("close")));
    await this.#compactions?.close();
    await Promise.allSettled(this.#changing);
    await closeToolsets(this.agent, { clock, logger, timeoutMs: this.#closeTimeouts.toolsetMs });
    try {
      await this.pluginManager.close(this.#closeTimeouts.pluginMs);
    } finally {
      await this.sessionService.flush().catch((error: unknown) => {
        if (!AdkError.isInstance(error, "UNSUPPORTED")) throw error;
      });
    }
  }

  async #untilChanged<T>(change: Promise<T>): Promise<T> {
    this.#changing.add(change);
    try {
      return await change;
    } finally {
      this.#changing.delete(change);
    }
  }

  #checkOpen(): void {
    if (this.#closed)
      throw new AdkError("CLOSED", "This runner is closed. Make a new one for further runs.");
  }
}
