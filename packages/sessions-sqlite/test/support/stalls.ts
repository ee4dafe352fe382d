import { readFileSync } from "node:fs";

/** What is told of a stall, in milliseconds. */
interface Longest {
  /** For this long a timer of one millisecond did not fire. */
  readonly wallMs: number;
  /** The longest without the time in which this thread was ready and the kernel ran others: what the code is to blame for. */
  readonly ownMs: number;
}

/** Watches this thread's event loop. */
export class Stalls implements Disposable {
  #wallMs = 0;
  #ownMs = 0;
  #last: number = performance.now();
  #lastWaitMs: number = waitForProcessorMs();
  readonly #timer: NodeJS.Timeout = setInterval(() => this.#tick(), 1);

  stop(): Longest {
    this.#tick();
    clearInterval(this.#timer);
    return { wallMs: Math.round(this.#wallMs), ownMs: Math.round(this.#ownMs) };
  }

  #tick(): void {
    const now = performance.now();
    const waitMs = waitForProcessorMs();
    const gap = now - this.#last - 1;
    this.#wallMs = Math.max(this.#wallMs, gap);
    this.#ownMs = Math.max(this.#ownMs, gap - (waitMs - this.#lastWaitMs));
    this.#last = now;
    this.#lastWaitMs = waitMs;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** How long this thread has been ready to run while the kernel ran others; 0 where the kernel does not tell. */
function waitForProcessorMs(): number {
  try {
    return Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[1]) / 1e6;
  } catch {
    return 0;
  }
}
