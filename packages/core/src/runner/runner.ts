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
import { checkAgentTree } from "./check-agent-tree.ts";
import { closeToolsets } from "./close-toolsets.ts";
import { EventStream } from "./event-stream.ts";
import { runNested } from "./nested-run.ts";
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
  readonly #closeTimeouts: { readonly pluginMs: number; readonly toolsetMs: number };
  readonly #running: Set<Run> = new Set();
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
    const { artifactService } = config;
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
      logger,
      clock,
      newId,
      owner: `runner-${newId()}`,
      leaseTtlMs: config.leaseTtlMs ?? 15_000,
      abortGraceMs: config.abortGraceMs ?? 5_000,
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
   *   under way; `details.expiresInMs`), `CALL_NOT_FOUND`, `INVOCATION_NOT_FOUND`, `FAILED_PRECONDITION`, `CLOSED`: before
   *   anything is written;
   *   `MODEL_FAILED`, `TOOL_FAILED`, `PLUGIN_FAILED`, `LLM_CALLS_LIMIT_EXCEEDED`, `SESSION_FENCED`, what callbacks and custom
   *   agents throw: after the message was stored.
   */
  runAsync(request: RunAsyncRequest): AsyncGenerator<Event, void, undefined> {
    return new EventStream({
      start: (handOff) => {
        this.#checkOpen();
        const run = new Run(this.#settings, checkRunRequest(request), handOff, {
          onEnd: (ended) => this.#running.delete(ended),
        });
        this.#running.add(run);
        run.start();
        return run;
      },
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
   * Stops what still runs (as if its callers had left; such invocations stay listed as interrupted), then closes toolsets and
   * plugins and flushes the session service. The services stay open: who opened them closes them. Harmless when repeated.
   *
   * @throws AdkError `PLUGIN_FAILED` that names the plugins that failed to close.
   */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    const { clock, logger } = this.#settings;
    await Promise.all([...this.#running].map((run) => run.stop("close")));
    await closeToolsets(this.agent, { clock, logger, timeoutMs: this.#closeTimeouts.toolsetMs });
    try {
      await this.pluginManager.close(this.#closeTimeouts.pluginMs);
    } finally {
      await this.sessionService.flush().catch((error: unknown) => {
        if (!AdkError.isInstance(error, "UNSUPPORTED")) throw error;
      });
    }
  }

  #checkOpen(): void {
    if (this.#closed)
      throw new AdkError("CLOSED", "This runner is closed. Make a new one for further runs.");
  }
}
