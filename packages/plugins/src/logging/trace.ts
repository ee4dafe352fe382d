import type { InvocationContext } from "@adk/core";

/** Takes one line of a trace, without its end. */
export type WriteLine = (line: string) => void;

/** Writes lines that begin with the plugin, the invocation and the time since its run began. Never throws. */
export class Trace {
  readonly #name: string;
  readonly #write: WriteLine;
  /** By the invocation's object: milliseconds since the Unix epoch. */
  readonly #startedAt: WeakMap<object, number> = new WeakMap();
  /** The same for what has begun and not ended: a model call, a tool call. */
  readonly #begunAt: WeakMap<object, number> = new WeakMap();

  constructor(name: string, write: WriteLine) {
    this.#name = name;
    this.#write = write;
  }

  line({ invocation, invocationId }: InvocationContext, text: string): void {
    const now = invocation.clock.now();
    const startedAt = this.#startedAt.get(invocation) ?? now;
    this.#startedAt.set(invocation, startedAt);
    const seconds = ((now - startedAt) / 1_000).toFixed(3);
    try {
      this.#write(`[${this.#name}] ${invocationId} +${seconds}s ${text}`);
    } catch (error) {
      // A trace that cannot be written is no reason to end a run.
      invocation.logger.error(`Plugin ${this.#name} could not write a line.`, { error });
    }
  }

  /** Notes when something began. */
  begin(key: object, { invocation }: InvocationContext): void {
    this.#begunAt.set(key, invocation.clock.now());
  }

  /** `, 12 ms` since it began, and nothing when that was not noted. */
  took(key: object, { invocation }: InvocationContext): string {
    const begunAt = this.#begunAt.get(key);
    this.#begunAt.delete(key);
    return begunAt === undefined ? "" : `, ${invocation.clock.now() - begunAt} ms`;
  }
}
