import type { SessionArtifactService } from "../artifacts/session-artifact-service.ts";
import type { BaseCredentialService } from "../auth/base-credential-service.ts";
import type { Content } from "../content/content.ts";
import type { Event } from "../events/event.ts";
import type { ContentsCache } from "../flows/contents/cache.ts";
import type { Clock } from "../internal/clock.ts";
import type { IdSource } from "../internal/ids.ts";
import type { StandardSchemaV1 } from "../internal/standard-schema.ts";
import type { BaseMemoryService } from "../memory/base-memory-service.ts";
import type { PluginManager } from "../plugins/plugin-manager.ts";
import type { BaseSessionService } from "../sessions/base-session-service.ts";
import type { Session } from "../sessions/session.ts";
import type { Logger } from "./logger.ts";
import type { RunConfig } from "./run-config.ts";
import type { WorkingState } from "./working-state.ts";

/** Everything that all agents, hooks and tools of one invocation share. */
export interface Invocation {
  readonly id: string;
  readonly session: Session;
  readonly userContent: Content | undefined;
  readonly runConfig: RunConfig;
  readonly sessionService: BaseSessionService;
  readonly artifactService: SessionArtifactService | undefined;
  readonly memoryService: BaseMemoryService | undefined;
  readonly credentialService: BaseCredentialService | undefined;
  readonly pluginManager: PluginManager;
  readonly state: WorkingState;
  /** Schemas of state keys without a `:`; such a key must be declared when there are any. */
  readonly stateSchema: Readonly<Record<string, StandardSchemaV1>> | undefined;
  /** Aborted when the run is to stop: by the caller, a cancel, a lost lease, an early close or the runner's end. */
  readonly signal: AbortSignal;
  /** How often, and under which fencing number, this invocation was taken up. */
  readonly lease: { readonly epoch: number; readonly attempt: number };
  readonly resumable: boolean;
  readonly contentsCache: ContentsCache;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly logger: Logger;
  /** Model calls made so far. */
  llmCalls: number;
  /** Stores an event that nobody is shown: a record. */
  record(event: Event): Promise<Event>;
}
