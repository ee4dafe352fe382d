import { AdkError } from "../errors.ts";
import { type Clock, settlesWithin } from "../internal/clock.ts";
import { encodeHeaderChange } from "./header-change.ts";
import { refusalError } from "./refusal-error.ts";
import type { HeaderChange } from "./requests.ts";
import type { Grant, SessionKey, SessionStore } from "./session-store.ts";
import type { Wakes } from "./wakes.ts";

/** The right to run a session. Held by at most one, by the store's clock. */
export interface SessionLease {
  readonly leaseId: string;
  readonly ttlMs: number;
  /** Grows with every grant: a fencing token for other systems. */
  readonly epoch: number;
  /** How many leases were granted while the open invocation is open; 0 before a first append has opened one. */
  readonly attempt: number;
  /** Aborted when the lease is lost: the store refused, or `ttlMs` has passed without a confirmed renewal. */
  readonly lost: AbortSignal;
  /** Aborted when somebody asked to cancel the open invocation. */
  readonly cancelled: AbortSignal;
  /** Extends it now. @throws AdkError `SESSION_FENCED` when it is lost. */
  renew(): Promise<void>;
  /** Stops (`false`) or takes up again (`true`, the state at birth) the renewal by timer in quiet times. */
  keepAlive(on: boolean): void;
  /**
   * Gives it back; never fails, and takes no longer than `ttlMs`: by then it has lapsed. `ended` names the open invocation
   * when it is over (or paused).
   */
  release(request?: {
    ended?: string | undefined;
    header?: HeaderChange | undefined;
  }): Promise<void>;
}

export interface HeldLeaseOptions {
  readonly key: SessionKey;
  readonly leaseId: string;
  readonly ttlMs: number;
  readonly grant: Grant;
  /** When the acquire was sent, by `clock`. */
  readonly sentAt: number;
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly wakes: Wakes;
  readonly onReleased: () => void;
}

/**
 * A lease as its holder sees it: held → (lost | released).
 *
 * One timer, every third of `ttlMs`: it renews unless an append or a renewal has been sent in the meantime. The lease
 * counts as confirmed from the moment the last confirmed command was *sent*; when `ttlMs` has passed since then and a
 * renewal failed or is still out, it is lost. A lapse alone is not a loss: a lapsed lease that nobody took is renewed.
 */
export class HeldLease implements SessionLease {
  readonly leaseId: string;
  readonly ttlMs: number;
  readonly epoch: number;
  readonly incarnation: string;
  readonly #options: HeldLeaseOptions;
  readonly #stopListening: () => void;
  #attempt: number;
  #invocationId: string | undefined;
  #confirmedAt: number;
  #isFailing = false;
  #isRenewing = false;
  #cancelTimer: (() => void) | undefined;
  /** Makes the error that says why it can no longer be used: most leases end well, and nobody asks. */
  #end: (() => AdkError) | undefined;
  #lostReason: AdkError | undefined;
  #released: Promise<void> | undefined;
  #cancelReason: AdkError | undefined;
  #lost: AbortController | undefined;
  #cancelled: AbortController | undefined;

  constructor(options: HeldLeaseOptions) {
    const { leaseId, ttlMs, grant, sentAt, wakes } = options;
    this.#options = options;
    this.leaseId = leaseId;
    this.ttlMs = ttlMs;
    this.epoch = grant.epoch;
    this.incarnation = grant.incarnation;
    this.#attempt = grant.attempt;
    this.#invocationId = grant.invocationId;
    this.#confirmedAt = sentAt;
    if (grant.cancelRequested) this.#cancel();
    this.#stopListening = wakes.listen(grant.incarnation, (wake) => {
      // A late hint may mean an invocation that is over, and an erase is told without a sequence: the store knows.
      if (wake.cancel || wake.lastSequence === undefined) void this.renew().catch(() => {});
    });
    this.keepAlive(true);
  }

  get attempt(): number {
    return this.#attempt;
  }

  get lost(): AbortSignal {
    this.#lost ??= new AbortController();
    if (this.#lostReason) this.#lost.abort(this.#lostReason);
    return this.#lost.signal;
  }

  get cancelled(): AbortSignal {
    this.#cancelled ??= new AbortController();
    if (this.#cancelReason) this.#cancelled.abort(this.#cancelReason);
    return this.#cancelled.signal;
  }

  async renew(): Promise<void> {
    if (this.#end) throw this.#end();
    const { key, store, clock } = this.#options;
    const { leaseId, ttlMs } = this;
    const sentAt = clock.now();
    const outcome = await store.lease({ ...key, op: "renew", leaseId, ttlMs });
    if (outcome.status === "ok" && outcome.grant.incarnation === this.incarnation)
      return this.confirm(sentAt, outcome.grant.cancelRequested);
    const error =
      outcome.status === "ok" ? refusalError({ status: "gone" }, key) : refusalError(outcome, key);
    this.lose(error);
    throw error;
  }

  keepAlive(on: boolean): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (on && !this.#end) this.#arm(this.ttlMs / 3);
  }

  release(
    request: { ended?: string | undefined; header?: HeaderChange | undefined } = {},
  ): Promise<void> {
    return (this.#released ??= this.#release(request.ended, request.header));
  }

  /** The store has confirmed a command of this lease that was sent at `sentAt`. */
  confirm(sentAt: number, cancelRequested: boolean): void {
    if (sentAt > this.#confirmedAt) this.#confirmedAt = sentAt;
    this.#isFailing = false;
    if (cancelRequested) this.#cancel();
  }

  /** An append under this lease has named the open invocation. */
  opened(invocationId: string): void {
    if (invocationId === this.#invocationId) return;
    this.#invocationId = invocationId;
    this.#attempt = 1;
  }

  /** The store has refused: it is over. */
  lose(error: AdkError): void {
    if (this.#end) return;
    this.#stop(() => error);
    this.#lostReason = error;
    this.#lost?.abort(error);
  }

  /** Ends timer and listening without giving the lease back: the service was closed. */
  abandon(reason: AdkError): void {
    this.#stop(() => reason);
  }

  #arm(ms: number): void {
    const tick = (): void => this.#tick();
    this.#cancelTimer = this.#options.clock.after(Math.max(1, Math.ceil(ms)), tick, true);
  }

  #tick(): void {
    const { clock } = this.#options;
    const quietMs = clock.now() - this.#confirmedAt;
    if (quietMs >= this.ttlMs && this.#isFailing)
      return this.lose(
        new AdkError(
          "SESSION_FENCED",
          `The lease on session ${JSON.stringify(this.#options.key.sessionId)} could not be renewed for ${this.ttlMs} ms; another holder may have it. Stop this run; acquire a lease and load the session again to go on.`,
          { details: { sessionId: this.#options.key.sessionId } },
        ),
      );
    const third = this.ttlMs / 3;
    if (quietMs < third) return this.#arm(third - quietMs);
    if (!this.#isRenewing) {
      this.#isRenewing = true;
      this.#isFailing = true; // until a confirmation says otherwise
      void this.renew()
        .catch(() => {}) // refused: `renew` has ended the lease; unanswered: the next tick tries again
        .finally(() => (this.#isRenewing = false));
    }
    this.#arm(quietMs < this.ttlMs ? Math.min(third, this.ttlMs - quietMs) : third);
  }

  async #release(ended: string | undefined, header: HeaderChange | undefined): Promise<void> {
    const { key, store, clock, onReleased } = this.#options;
    const wasHeld = this.#end === undefined;
    this.#stop(() => refusalError({ status: "fenced", lastSequence: 0 }, key));
    try {
      // A lease that cannot be given back lapses.
      if (wasHeld)
        await settlesWithin(
          clock,
          this.ttlMs,
          store.lease({
            ...key,
            op: "release",
            leaseId: this.leaseId,
            ...(ended !== undefined && { ended }),
            ...(header && { header: encodeHeaderChange(header) }),
          }),
        );
    } catch {
      // Nor can one whose header does not go into the store.
    }
    onReleased();
  }

  #cancel(): void {
    if (this.#cancelReason) return;
    this.#cancelReason = new AdkError(
      "INVOCATION_ABORTED",
      "The invocation was cancelled by `requestCancel`.",
    );
    this.#cancelled?.abort(this.#cancelReason);
  }

  #stop(end: () => AdkError): void {
    this.#end ??= end;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#stopListening();
  }
}
