import type { BaseAgent } from "../agents/base-agent.ts";
import type { SessionArtifactService } from "../artifacts/session-artifact-service.ts";
import type { BaseCredentialService } from "../auth/base-credential-service.ts";
import type { Content } from "../content/content.ts";
import type { Event } from "../events/event.ts";
import type { ContentsCache } from "../flows/contents/cache.ts";
import type { Clock } from "../internal/clock.ts";
import type { IdSource } from "../internal/ids.ts";
import type { LogWindow } from "../log/window.ts";
import type { BaseMemoryService } from "../memory/base-memory-service.ts";
import type { PluginManager } from "../plugins/plugin-manager.ts";
import type { StopReason } from "../runner/stop-switch.ts";
import type { BaseSessionService } from "../sessions/base-session-service.ts";
import type { SessionLease } from "../sessions/lease.ts";
import type { Session } from "../sessions/session.ts";
import type { Context } from "./context.ts";
import type { InvocationContext } from "./invocation-context.ts";
import type { Logger } from "./logger.ts";
import type { RunConfig } from "./run-config.ts";
import type { WorkingState } from "./working-state.ts";

/** Everything that all agents, hooks and tools of one invocation share. */
export interface Invocation {
  /** Settled before anything of the run is stored. */
  id: string;
  readonly session: Session;
  /** Events from before `session.events` that still matter. */
  kept: readonly Event[];
  /** What the session's header says of what the next run loads. */
  window: LogWindow;
  /** The message, as the hooks left it. */
  userContent: Content | undefined;
  readonly runConfig: RunConfig;
  readonly sessionService: BaseSessionService;
  readonly artifactService: SessionArtifactService | undefined;
  readonly memoryService: BaseMemoryService | undefined;
  readonly credentialService: BaseCredentialService | undefined;
  readonly pluginManager: PluginManager;
  readonly state: WorkingState;
  /** Aborted when the run is to stop: by the caller, a cancel, a lost lease, an early close or the runner's end. */
  readonly signal: AbortSignal;
  /** Why the run is to stop; `undefined` while it is to go on. The runs of agent tools stop for the same reason. */
  stopReason(): StopReason | undefined;
  /** How often, and under which fencing number, this invocation was taken up. */
  readonly lease: Pick<SessionLease, "epoch" | "attempt">;
  readonly resumable: boolean;
  /** Position of the last event that the log had when this run took the lease. */
  readonly openedAt: number;
  readonly contentsCache: ContentsCache;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly logger: Logger;
  /** How long work that was told to stop is waited for, in milliseconds. */
  readonly abortGraceMs: number;
  /** Counts model calls; shared with the runs of agent tools. */
  readonly llmCalls: { made: number };
  /** Failures on their way out, and the innermost agent that each came from. */
  readonly failures: Map<unknown, { readonly author: string; readonly branch: string | undefined }>;
  /** Errors that no tool, hook or agent tool may turn into an answer: those of `commit`. */
  readonly fatalErrors: WeakSet<object>;
  /** Of calls whose arguments are redacted in the log, by call id: the real ones, for the tools of this run alone. */
  readonly callArguments: Map<string, Record<string, unknown>>;
  /** Runs an agent as a tool: in a session of its own, under this invocation's signal, plugins and limits. */
  runNested(request: NestedRunRequest): Promise<NestedRunResult>;
  /** Stores an event that nobody is shown: a tool record. */
  record(event: Event): Promise<Event>;
  /** Sums up older events before a model call that would be too large. Absent where the app does not want that. */
  readonly compact?: ((context: InvocationContext) => Promise<void>) | undefined;
}

export interface NestedRunRequest {
  readonly agent: BaseAgent;
  readonly message: Content;
  /** The call whose tool this is; its context stores artifacts and gets the state the agent writes. */
  readonly toolContext: Context;
  readonly includePlugins: boolean;
}

export interface NestedRunResult {
  /** The last event of the agent's run that says anything. */
  readonly last: Event | undefined;
  /** Whether the run waits for an answer from outside. */
  readonly isWaiting: boolean;
}
