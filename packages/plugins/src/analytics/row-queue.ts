import { AdkError, type Clock, type Logger } from "@adk/core";
import type { AnalyticsRow } from "./analytics-row.ts";
import type { AnalyticsSink } from "./analytics-sink.ts";

/** How rows are gathered and given to the sink. */
export interface RowQueueOptions {
  /** Rows that a write has at most. @defaultValue 100 */
  batchSize?: number | undefined;
  /** How long a row waits for others, in milliseconds. @defaultValue 1,000 */
  batchIntervalMs?: number | undefined;
  /** Rows that wait at most; more are dropped, and counted. @defaultValue 10,000 */
  maxQueueSize?: number | undefined;
  /** How often a batch is tried; then it is dropped, and counted. @defaultValue 3 */
  maxAttempts?: number | undefined;
  /** The pause before the second try, in milliseconds; it doubles with each. @defaultValue 1,000 */
  retryDelayMs?: number | undefined;
  /** How long a write may take, in milliseconds. @defaultValue 10,000 */
  writeTimeoutMs?: number | undefined;
  /** How long `close` waits for what is left, in milliseconds; the runner gives a plugin 5,000. @defaultValue 3,000 */
  closeTimeoutMs?: number | undefined;
}

/** What became of the rows. */
export interface AnalyticsStats {
  /** Rows that the sink has taken. */
  readonly written: number;
  /** Rows that wait, or are being written. */
  readonly queued: number;
  /** Rows that are lost: `overflow`, the queue was full; `failed`, the sink did not take them; `closed`, they came too late. */
  readonly dropped: { readonly overflow: number; readonly failed: number; readonly closed: number };
}

/** Gathers rows and writes them in the background, one batch after the other. Whoever adds one never waits. */
export class RowQueue {
  readonly #sink: AnalyticsSink;
  readonly #options: Required<{ [Name in keyof RowQueueOptions]: number }>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #closing: AbortController = new AbortController();
  readonly #dropped: { overflow: number; failed: number; closed: number } = {
    overflow: 0,
    failed: 0,
    closed: 0,
  };
  #rows: AnalyticsRow[] = [];
  #written = 0;
  #cancelTimer: (() => void) | undefined;
  #draining: Promise<void> | undefined;

  constructor(
    sink: AnalyticsSink,
    options: RowQueueOptions,
    { clock, logger }: { clock: Clock; logger: Logger },
  ) {
    this.#sink = sink;
    this.#options = {
      batchSize: options.batchSize ?? 100,
      batchIntervalMs: options.batchIntervalMs ?? 1_000,
      maxQueueSize: options.maxQueueSize ?? 10_000,
      maxAttempts: options.maxAttempts ?? 3,
      retryDelayMs: options.retryDelayMs ?? 1_000,
      writeTimeoutMs: options.writeTimeoutMs ?? 10_000,
      closeTimeoutMs: options.closeTimeoutMs ?? 3_000,
    };
    this.#clock = clock;
    this.#logger = logger;
  }

  get stats(): AnalyticsStats {
    return {
      written: this.#written,
      queued: this.#rows.length,
      dropped: { ...this.#dropped },
    };
  }

  add(row: AnalyticsRow): void {
    if (this.#closing.signal.aborted) return this.#drop("closed", 1);
    if (this.#rows.length >= this.#options.maxQueueSize) return this.#drop("overflow", 1);
    this.#rows.push(row);
    if (this.#rows.length >= this.#options.batchSize) this.#start();
    else if (!this.#draining) this.#waitForMore();
  }

  /** Counts a row that could not even be made. */
  lost(): void {
    this.#drop("failed", 1);
  }

  /** Resolves when each row so far is written or dropped. */
  async flush(): Promise<void> {
    this.#start();
    await this.#draining;
  }

  /** Writes what is left, for a while; then drops it. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    let giveUp = (): void => {};
    const late = new Promise<void>((resolve) => {
      giveUp = this.#clock.after(this.#options.closeTimeoutMs, resolve);
    });
    await Promise.race([this.flush(), late]);
    giveUp();
    this.#closing.abort();
    this.#drop("closed", this.#rows.splice(0).length);
    await this.#sink.close?.();
  }

  #waitForMore(): void {
    this.#cancelTimer ??= this.#clock.after(
      this.#options.batchIntervalMs,
      () => this.#start(),
      true,
    );
  }

  #start(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = undefined;
      // Added between the last look at the queue and now.
      if (this.#rows.length > 0 && !this.#closing.signal.aborted) this.#waitForMore();
    });
  }

  async #drain(): Promise<void> {
    await Promise.resolve(); // not within the hook that has added the row
    while (this.#rows.length > 0) {
      const batch = this.#rows.slice(0, this.#options.batchSize);
      const isWritten = await this.#deliver(batch);
      if (this.#closing.signal.aborted) return;
      this.#rows.splice(0, batch.length);
      if (isWritten) this.#written += batch.length;
      else this.#drop("failed", batch.length);
    }
  }

  async #deliver(batch: readonly AnalyticsRow[]): Promise<boolean> {
    const { maxAttempts, retryDelayMs } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#write(batch);
        return true;
      } catch (error) {
        if (this.#closing.signal.aborted) return false;
        if (attempt < maxAttempts) {
          await this.#pause(retryDelayMs * 2 ** (attempt - 1));
          if (this.#closing.signal.aborted) return false;
          continue;
        }
        this.#logger.warn(
          `The analytics sink has not taken ${batch.length} rows in ${maxAttempts} tries; they are dropped.`,
          { error },
        );
        return false;
      }
    }
  }

  async #write(batch: readonly AnalyticsRow[]): Promise<void> {
    const tooLong = new AbortController();
    const signal = AbortSignal.any([tooLong.signal, this.#closing.signal]);
    const { writeTimeoutMs } = this.#options;
    const timeout = (): void => tooLong.abort(tooLate(writeTimeoutMs));
    const cancel = this.#clock.after(writeTimeoutMs, timeout, true);
    const stopped = Promise.withResolvers<never>();
    const stop = (): void => stopped.reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    try {
      const writing = this.#sink.write(batch, { signal });
      writing.catch(() => undefined); // too late, nobody listens
      await Promise.race([writing, stopped.promise]);
    } finally {
      cancel();
      signal.removeEventListener("abort", stop);
    }
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#closing;
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        signal.removeEventListener("abort", done);
        resolve();
      };
      const cancel = this.#clock.after(ms, done, true);
      signal.addEventListener("abort", done, { once: true });
    });
  }

  #drop(why: "overflow" | "failed" | "closed", count: number): void {
    if (count === 0) return;
    if (this.#dropped[why] === 0)
      this.#logger.warn(
        `Analytics rows are dropped (${why}); from now on they are only counted, in \`stats.dropped\`.`,
      );
    this.#dropped[why] += count;
  }
}

function tooLate(writeTimeoutMs: number): AdkError {
  return new AdkError(
    "TIMEOUT",
    `The sink has not taken the rows within ${writeTimeoutMs} ms. Raise \`writeTimeoutMs\`, or lower \`batchSize\`.`,
    { retryable: true, details: { committed: "unknown" } },
  );
}
