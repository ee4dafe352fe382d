import { spawn } from "node:child_process";
import { once } from "node:events";

/** Prints the longest time for which a timer of one millisecond did not fire, when its input ends. */
const WATCH = `
let longest = 0, last = performance.now();
const timer = setInterval(() => { const now = performance.now(); longest = Math.max(longest, now - last - 1); last = now; }, 1);
process.stdin.resume().on("end", () => { clearInterval(timer); console.log(longest); });
console.log("ready");`;

/**
 * Watches this process's event loop, and beside it that of a process that does nothing: what stalls the idle one is the
 * machine, not the code under test.
 */
export class Stalls implements Disposable {
  #longest = 0;
  #last: number = performance.now();
  readonly #timer: NodeJS.Timeout;
  readonly #idle = spawn(process.execPath, ["-e", WATCH]);
  #output = "";

  constructor() {
    this.#idle.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#output += text;
    });
    this.#timer = setInterval(() => this.#tick(), 1);
  }

  async stop(): Promise<{ longestMs: number; noiseMs: number }> {
    this.#tick();
    clearInterval(this.#timer);
    this.#idle.stdin.end();
    await once(this.#idle, "close");
    const noise = Number(this.#output.trim().split("\n").at(-1));
    return { longestMs: Math.round(this.#longest), noiseMs: Math.round(noise) };
  }

  #tick(): void {
    const now = performance.now();
    this.#longest = Math.max(this.#longest, now - this.#last - 1);
    this.#last = now;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#idle.kill();
  }
}
