import type { Event } from "../events/event.ts";
import { HandOff } from "./hand-off.ts";

/** A run as its stream sees it. */
export interface StreamedRun {
  /** The caller breaks off: resolves when the run has ended. */
  breakOff(): Promise<void>;
}

export interface StreamSource {
  /** Called once, at the first `next()`; what it throws is that call's rejection. */
  start(handOff: HandOff): StreamedRun;
}

/**
 * The events of a run, as an async generator would give them: nothing happens before the first `next()`. Unlike a
 * generator's, its `return()` acts at once, also while a `next()` is under way: a hanging tool does not hold it up.
 */
export class EventStream implements AsyncGenerator<Event, void, undefined> {
  readonly #source: StreamSource;
  readonly #handOff: HandOff = new HandOff();
  #run: StreamedRun | undefined;
  #closed = false;

  constructor(source: StreamSource) {
    this.#source = source;
  }

  async next(): Promise<IteratorResult<Event, void>> {
    if (this.#closed) return { done: true, value: undefined };
    if (!this.#run)
      try {
        this.#run = this.#source.start(this.#handOff);
      } catch (error) {
        this.#closed = true;
        throw error;
      }
    return await this.#handOff.take();
  }

  async return(): Promise<IteratorResult<Event, void>> {
    this.#closed = true;
    await this.#run?.breakOff();
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<IteratorResult<Event, void>> {
    await this.return();
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
