import type { BaseSessionService } from "../../sessions/base-session-service.ts";
import type { SessionStore, SessionStoreCapabilities } from "../../sessions/session-store.ts";
import type { FaultCommand } from "../fault-store.ts";
import type { SuiteCase } from "../suite.ts";

/**
 * - core: sessions, events, state, lists.
 * - lease: who may run, the open invocation, cancellation.
 * - subscribe: following a session.
 * - processes: several processes on one store; needs `worker`.
 * - lifecycle: cancelled calls, closing, retention, migration.
 * - faults: what a lost reply or a refusal leaves behind; needs `faults`.
 */
export type SessionLevel = "core" | "lease" | "subscribe" | "processes" | "lifecycle" | "faults";

/** One thing that a session service must do. */
export type SessionCase = SuiteCase<SessionSubject, SessionLevel>;

/** What a service is opened with, where a case asks for it. */
export interface SubjectOpenOptions {
  readonly maxEventBytes?: number | undefined;
  /** Retention: how long a session lives after its last change, milliseconds. */
  readonly ttlMs?: number | undefined;
  /** Over a store that gives no hints (its `watch` is absent). */
  readonly withoutWatch?: boolean | undefined;
}

/** A module that calls `sessionWorker`, to be run in a process of its own. */
export interface SessionWorkerModule {
  /** The file's path. */
  readonly module: string;
  /** What the module needs to know, as JSON: where the store is. */
  readonly data: unknown;
  /** Flags for Node, before the module's name. */
  readonly execArgv?: readonly string[] | undefined;
}

/** One empty store and the means to reach it. Disposing it disposes whatever was opened. */
export interface SessionSubject extends AsyncDisposable {
  /** One more service on the same store, as another process would have. `ttlMs` is the same for all services of a case. */
  open(options?: SubjectOpenOptions): Promise<BaseSessionService>;
  /** The same store without the service, for the clauses that a service hides. */
  openStore?(): Promise<SessionStore>;
  /**
   * Moves the time of the store and of the services together. Without it the cases wait really, with short times;
   * offer it only when both follow the hook.
   */
  readonly clock?: { advance(ms: number): Promise<void> } | undefined;
  readonly capabilities?: SessionStoreCapabilities | undefined;
  /** Makes the next commands fail between service and store; `StoreFaults` fits. */
  readonly faults?:
    | {
        loseReply(command: FaultCommand, times?: number): void;
        refuse(command: FaultCommand, times?: number): void;
        /** Forgets what has not happened yet. */
        heal(): void;
      }
    | undefined;
  /** How another process opens the same store; only for stores on the machine's own clock. */
  readonly worker?: SessionWorkerModule | undefined;
}
