export interface Tap<T> {
  /** Called with each step, and gives it back: where it is measured, or its error noted. */
  step?(step: Promise<IteratorResult<T, void>>): Promise<IteratorResult<T, void>>;
  /** Called before the stream is left, also while a step is under way. */
  leave?(): void;
}

/** A stream that somebody else looks on. Leaving it is passed on at once, where a generator would finish its step first. */
export class TappedStream<T> implements AsyncGenerator<T, void, undefined> {
  readonly #stream: AsyncGenerator<T, void, undefined>;
  readonly #tap: Tap<T>;

  constructor(stream: AsyncGenerator<T, void, undefined>, tap: Tap<T>) {
    this.#stream = stream;
    this.#tap = tap;
  }

  next(): Promise<IteratorResult<T, void>> {
    const step = this.#stream.next();
    return this.#tap.step ? this.#tap.step(step) : step;
  }

  return(): Promise<IteratorResult<T, void>> {
    this.#tap.leave?.();
    return this.#stream.return();
  }

  async throw(error: unknown): Promise<IteratorResult<T, void>> {
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
