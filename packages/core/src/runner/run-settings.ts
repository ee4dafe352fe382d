import type { BaseAgent } from "../agents/base-agent.ts";
import type { SessionArtifactService } from "../artifacts/session-artifact-service.ts";
import type { BaseCredentialService } from "../auth/base-credential-service.ts";
import type { Invocation, NestedRunRequest, NestedRunResult } from "../context/invocation.ts";
import type { Logger } from "../context/logger.ts";
import type { ContentsCache } from "../flows/contents/cache.ts";
import type { Clock } from "../internal/clock.ts";
import type { IdSource } from "../internal/ids.ts";
import type { BaseMemoryService } from "../memory/base-memory-service.ts";
import type { PluginManager } from "../plugins/plugin-manager.ts";
import type { BaseSessionService } from "../sessions/base-session-service.ts";
import type { SessionKey } from "../sessions/session-store.ts";
import type { Compactions } from "./compactions.ts";

/** What all runs of a runner share. */
export interface RunSettings {
  readonly appName: string;
  readonly rootAgent: BaseAgent;
  readonly pluginManager: PluginManager;
  readonly sessionService: BaseSessionService;
  /** The artifacts of one session. */
  readonly artifactsOf: (key: SessionKey) => SessionArtifactService | undefined;
  readonly memoryService: BaseMemoryService | undefined;
  readonly credentialService: BaseCredentialService | undefined;
  readonly resumable: boolean;
  readonly autoCreateSession: boolean;
  readonly contentsCache: ContentsCache;
  /** Absent where older events are not summed up. */
  readonly compactions: Compactions | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly newId: IdSource;
  /** Who holds the lease, for people and logs. */
  readonly owner: string;
  readonly leaseTtlMs: number;
  readonly abortGraceMs: number;
  readonly consumerIdleMs: number;
  /** Runs an agent as a tool. */
  readonly runNested: (
    settings: RunSettings,
    invocation: Invocation,
    request: NestedRunRequest,
  ) => Promise<NestedRunResult>;
}
