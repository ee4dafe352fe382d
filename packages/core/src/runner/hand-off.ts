import type { Event } from "../events/event.ts";

/** Partial events may wait for the caller up to this many; then the producer does. */
const MAX_WAITING_PARTIALS = 256;

interface Taker {
  resolve(result: IteratorResult<Event, void>): void;
  reject(error: unknown): void;
}

/**
 * Hands events from the run to its caller.
 *
 * A full event counts as taken when the caller comes back for the next one: until then the run stands still. Partial events
 * do not wait for the caller, up to a limit.
 */
export class HandOff {
  readonly #queue: { event: Event; taken: (() => void) | undefined }[] = [];
  /** Of the event the caller holds. */
  #taken: (() => void) | undefined;
  readonly #takers: Taker[] = [];
  #mayWait = true;
  #end: { error?: unknown; failed: boolean } | undefined;
  /** Called when a full event begins to wait for the caller, and when it was taken. */
  onWaiting: ((waiting: boolean) => void) | undefined;

  /** Resolves when the run may go on; `undefined` at once when it need not wait. */
  put(event: Event): Promise<void> | undefined {
    if (this.#end) return undefined;
    const waits = this.#mayWait && (!event.partial || this.#queue.length >= MAX_WAITING_PARTIALS);
    const gone = waits ? new Promise<void>((resolve) => this.#add(event, resolve)) : undefined;
    if (!waits) this.#add(event, undefined);
    return gone;
  }

  #add(event: Event, taken: (() => void) | undefined): void {
    this.#queue.push({ event, taken });
    if (taken) this.onWaiting?.(true);
    this.#deliver();
  }

  /** The next event; the one before counts as taken. */
  take(): Promise<IteratorResult<Event, void>> {
    return new Promise((resolve, reject) => {
      this.#takers.push({ resolve, reject });
      this.#release();
      this.#deliver();
    });
  }

  /** No more events; those that wait are still handed over. With an error, it comes after them. */
  close(): void {
    this.#finish({ failed: false });
  }

  fail(error: unknown): void {
    this.#finish({ error, failed: true });
  }

  /** The run must end, whether its caller comes back or not: nothing waits any more, nothing is dropped. */
  stopWaiting(): void {
    this.#mayWait = false;
    for (const entry of this.#queue) {
      entry.taken?.();
      entry.taken = undefined;
    }
    this.#release();
  }

  /** The caller is gone: what waits is dropped, and whoever waits goes on. */
  abandon(): void {
    for (const { taken } of this.#queue.splice(0)) taken?.();
    this.#release();
    this.#finish({ failed: false });
  }

  #finish(end: { error?: unknown; failed: boolean }): void {
    this.#end ??= end;
    this.#deliver();
  }

  #release(): void {
    const taken = this.#taken;
    if (!taken) return;
    this.#taken = undefined;
    this.onWaiting?.(false);
    taken();
  }

  #deliver(): void {
    while (this.#takers.length > 0) {
      const next = this.#queue.shift();
      if (next) {
        this.#taken = next.taken;
        this.#takers.shift()?.resolve({ done: false, value: next.event });
        if (this.#takers.length > 0) this.#release();
        continue;
      }
      if (!this.#end) return;
      const taker = this.#takers.shift();
      const { failed, error } = this.#end;
      // An error is told once; afterwards the stream is simply over.
      this.#end = { failed: false };
      if (failed) taker?.reject(error);
      else taker?.resolve({ done: true, value: undefined });
    }
  }
}
