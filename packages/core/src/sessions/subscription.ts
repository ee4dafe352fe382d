import { AdkError } from "../errors.ts";
import { decodeEvent } from "../events/codec.ts";
import type { Event } from "../events/event.ts";
import type { Clock } from "../internal/clock.ts";
import { refusalError } from "./refusal-error.ts";
import type { SubscribeRequest } from "./requests.ts";
import type { SessionHeader, SessionStore } from "./session-store.ts";
import type { Wakes } from "./wakes.ts";

export interface SubscriptionOptions {
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly wakes: Wakes;
  readonly pollMs: number;
  /** Aborted when the service is closed. */
  readonly closed: AbortSignal;
}

const PAGE = 256;
/** With hints the timer is only for those that were lost. */
const SAFETY_FACTOR = 10;

/**
 * The stored events after a sequence, then those that follow, without end: reads pages by sequence, sleeps until a hint or
 * the timer. Pull-based: nothing is read ahead of the caller but the page it is in.
 *
 * @param header read when the subscription was asked for.
 */
export async function* subscription(
  request: SubscribeRequest,
  header: SessionHeader,
  options: SubscriptionOptions,
): AsyncGenerator<Event, void, undefined> {
  const { appName, userId, sessionId, incarnation } = header;
  const { store, wakes, closed } = options;
  const { signal } = request;
  const pollMs = wakes.available ? options.pollMs * SAFETY_FACTOR : options.pollMs;
  let after = request.afterSequence ?? header.lastSequence;
  if (after > header.lastSequence) throw ahead(sessionId, after, header.lastSequence);
  const nap = new Nap(options.clock, [signal, closed]);
  const stopListening = wakes.listen(incarnation, () => nap.wake());
  try {
    while (!signal?.aborted) {
      closed.throwIfAborted();
      nap.rearm();
      const page = await store.read(
        { appName, userId, sessionId, events: { from: after + 1, limit: PAGE } },
        signal,
      );
      if (page?.header.incarnation !== incarnation)
        throw refusalError({ status: "gone" }, { sessionId });
      if (page.header.lastSequence < after) throw ahead(sessionId, after, page.header.lastSequence);
      for (const { sequence, data } of page.events) {
        after = sequence;
        yield decodeEvent(data, sequence);
        if (signal?.aborted) return;
      }
      if (page.header.lastSequence <= after) await nap.sleep(pollMs);
    }
  } catch (error) {
    if (!(signal?.aborted && AdkError.isInstance(error, "ABORTED"))) throw error;
  } finally {
    stopListening();
    nap.end();
  }
}

/** A sleep that a hint, a timer or a signal ends; a hint that came since `rearm` ends it at once. */
class Nap {
  readonly #clock: Clock;
  readonly #signals: readonly (AbortSignal | undefined)[];
  readonly #onAbort: () => void = () => this.wake();
  #isWoken = false;
  #wakeUp: (() => void) | undefined;

  constructor(clock: Clock, signals: readonly (AbortSignal | undefined)[]) {
    this.#clock = clock;
    this.#signals = signals;
    for (const signal of signals) signal?.addEventListener("abort", this.#onAbort);
  }

  rearm(): void {
    this.#isWoken = false;
  }

  wake(): void {
    this.#isWoken = true;
    this.#wakeUp?.();
  }

  async sleep(ms: number): Promise<void> {
    if (this.#isWoken || this.#signals.some((signal) => signal?.aborted)) return;
    let cancel: () => void = () => {};
    await new Promise<void>((resolve) => {
      this.#wakeUp = resolve;
      cancel = this.#clock.after(ms, resolve);
    });
    cancel();
    this.#wakeUp = undefined;
  }

  end(): void {
    for (const signal of this.#signals) signal?.removeEventListener("abort", this.#onAbort);
  }
}

function ahead(sessionId: string, known: number, found: number): AdkError {
  return new AdkError(
    "SESSION_REGRESSED",
    `Session ${JSON.stringify(sessionId)} is at sequence ${found}, and ${known} was asked for as seen: the number belongs to another session, or the store lost what it had acknowledged. Subscribe again from a sequence that it has.`,
    { details: { sessionId, known, found } },
  );
}
