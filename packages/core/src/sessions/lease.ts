import type { HeaderChange } from "./requests.ts";

/** The right to run a session. Held by at most one, by the store's clock. */
export interface SessionLease {
  readonly leaseId: string;
  readonly ttlMs: number;
  /** Grows with every grant: a fencing token for other systems. */
  readonly epoch: number;
  /** How many leases were granted while the open invocation is open. */
  readonly attempt: number;
  /** Aborted when the lease is lost: the store refused, or `ttlMs` has passed without a confirmed renewal. */
  readonly lost: AbortSignal;
  /** Aborted when somebody asked to cancel the open invocation. */
  readonly cancelled: AbortSignal;
  /** Extends it now. @throws AdkError `SESSION_FENCED` when it is lost. */
  renew(): Promise<void>;
  /** Stops (`false`) or takes up again (`true`, the state at birth) the renewal by timer in quiet times. */
  keepAlive(on: boolean): void;
  /** Gives it back; never fails. `ended` names the open invocation when it is over (or paused). */
  release(request?: {
    ended?: string | undefined;
    header?: HeaderChange | undefined;
  }): Promise<void>;
}
