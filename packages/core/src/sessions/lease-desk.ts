import { AdkError } from "../errors.ts";
import type { Clock } from "../internal/clock.ts";
import type { IdSource } from "../internal/ids.ts";
import { HeldLease } from "./lease.ts";
import { LeaseLine } from "./lease-line.ts";
import { refusalError } from "./refusal-error.ts";
import type { AcquireLeaseRequest } from "./requests.ts";
import { READ_PAGE, sessionName, type SessionReader } from "./session-reader.ts";
import type { AcquireCommand, Grant, Outcome, SessionStore, Snapshot } from "./session-store.ts";
import { checkId, checkInteger, checkKey, invalid } from "./validate.ts";
import type { Wakes } from "./wakes.ts";

const MIN_LEASE_MS = 100;
const MAX_LEASE_MS = 3_600_000;

export interface LeaseDeskOptions {
  readonly store: SessionStore;
  readonly reader: SessionReader;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly wakes: Wakes;
}

/** Where leases are asked for and handed out: all that one service holds. */
export class LeaseDesk {
  readonly #options: LeaseDeskOptions;
  readonly #line: LeaseLine;
  readonly #held: Set<HeldLease> = new Set();
  #closed: AdkError | undefined;

  constructor(options: LeaseDeskOptions) {
    this.#options = options;
    this.#line = new LeaseLine(options.clock);
  }

  /** A lease alone. */
  async acquire(request: AcquireLeaseRequest): Promise<HeldLease> {
    const { store } = this.#options;
    const { lease } = await this.#take(request, (command) => store.lease(command, request.signal));
    return lease;
  }

  /** A lease and what a run needs to know, in one round trip where the store can; else in two, under the lease. */
  async open(request: AcquireLeaseRequest): Promise<{ lease: HeldLease; snapshot: Snapshot }> {
    const { lease, granted } = await this.#take(request, (command) =>
      this.#open(command, request.signal),
    );
    return { lease, snapshot: granted.snapshot };
  }

  /** Ends the timers of all leases; they lapse by themselves. */
  close(reason: AdkError): void {
    this.#closed = reason;
    for (const lease of this.#held) lease.abandon(reason);
    this.#held.clear();
  }

  async #take<T extends { grant: Grant }>(
    request: AcquireLeaseRequest,
    ask: (command: AcquireCommand) => Promise<Outcome<T>>,
  ): Promise<{ lease: HeldLease; granted: T }> {
    const { owner, ttlMs, waitMs = 0, signal } = request;
    const key = checkKey(request);
    checkId("owner", owner);
    if (ttlMs === undefined)
      throw invalid("`ttlMs` is missing: how long the lease lives without a sign of life.");
    checkInteger("ttlMs", ttlMs, MIN_LEASE_MS, MAX_LEASE_MS);
    checkInteger("waitMs", waitMs, 0);
    const { store, clock, newId, wakes } = this.#options;
    const name = sessionName(key);
    const leaseId = newId();
    const command: AcquireCommand = { ...key, op: "acquire", leaseId, owner, ttlMs };
    let sentAt = 0;
    let outcome: Outcome<T>;
    try {
      outcome = await this.#line.acquire({ name, sessionId: key.sessionId, waitMs, signal }, () => {
        if (this.#closed) throw this.#closed;
        sentAt = clock.now();
        return ask(command);
      });
    } catch (error) {
      // What is not known to have failed may hold the session for `ttlMs`.
      if (AdkError.isInstance(error) && error.details["committed"] === "unknown")
        void store.lease({ ...key, op: "release", leaseId }).catch(() => {});
      throw error;
    }
    if (outcome.status !== "ok") throw refusalError(outcome, key);
    const { grant } = outcome;
    const lease: HeldLease = new HeldLease({
      key,
      leaseId,
      ttlMs,
      grant,
      sentAt,
      store,
      clock,
      wakes,
      onReleased: () => {
        this.#held.delete(lease);
        this.#line.released(name);
      },
    });
    this.#held.add(lease);
    return { lease, granted: outcome };
  }

  async #open(
    command: AcquireCommand,
    signal: AbortSignal | undefined,
  ): Promise<Outcome<{ grant: Grant; snapshot: Snapshot }>> {
    const { store, reader } = this.#options;
    if (store.open) return await store.open(command, signal);
    const outcome = await store.lease(command, signal);
    if (outcome.status !== "ok") return outcome;
    const { appName, userId, sessionId, leaseId } = command;
    const key = { appName, userId, sessionId };
    try {
      const events = { from: "window", limit: READ_PAGE } as const;
      const snapshot = await reader.read({ ...key, events, state: true, kept: true }, signal);
      if (snapshot?.header.incarnation !== outcome.grant.incarnation) return { status: "gone" };
      return { status: "ok", grant: outcome.grant, snapshot };
    } catch (error) {
      void store.lease({ ...key, op: "release", leaseId }).catch(() => {});
      throw error;
    }
  }
}
