/** Why a run stops before its end. */
export type StopReason =
  /** The caller broke off: nothing is sealed. */
  | "break"
  /** The caller's signal, or a cancel: what is open is sealed. */
  | "abort"
  /** The runner closes: as a break, but the invocation stays listed as interrupted. */
  | "close"
  /** Somebody else may hold the session by now: nothing can be written. */
  | "lost";

/** Tells a run to stop. The first reason stands. */
export class StopSwitch {
  readonly #controller: AbortController = new AbortController();
  #reason: StopReason | undefined;

  /** Aborted when the run is to stop. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** `undefined` while the run is to go on. */
  get reason(): StopReason | undefined {
    return this.#reason;
  }

  stop(reason: StopReason): void {
    this.#reason ??= reason;
    this.#controller.abort();
  }
}
