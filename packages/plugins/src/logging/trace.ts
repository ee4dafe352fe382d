import type { InvocationContext } from "@adk/core";
import { RunMap } from "../internal/run-map.ts";

/** Takes one line of a trace, without its end. */
export type WriteLine = (line: string) => void;

/** Writes lines that begin with the plugin, the invocation and the time since its run began. Never throws. */
export class Trace {
  readonly #name: string;
  readonly #write: WriteLine;
  /** When the run, a model call or a tool call has begun, in milliseconds since the Unix epoch. */
  readonly #begunAt: RunMap<number> = new RunMap();

  constructor(name: string, write: WriteLine) {
    this.#name = name;
    this.#write = write;
  }

  line(context: InvocationContext, text: string): void {
    const { invocation, invocationId } = context;
    const now = invocation.clock.now();
    const startedAt = this.#begunAt.get(context, "run") ?? this.#begunAt.set(context, "run", now);
    const seconds = ((now - startedAt) / 1_000).toFixed(3);
    try {
      this.#write(`[${this.#name}] ${invocationId} +${seconds}s ${text}`);
    } catch (error) {
      // A trace that cannot be written is no reason to end a run.
      invocation.logger.error(`Plugin ${this.#name} could not write a line.`, { error });
    }
  }

  /** Notes when something began. */
  begin(key: string, context: InvocationContext): void {
    this.#begunAt.set(context, key, context.invocation.clock.now());
  }

  /** `, 12 ms` since it began, and nothing when that was not noted. */
  took(key: string, context: InvocationContext): string {
    const begunAt = this.#begunAt.get(context, key);
    this.#begunAt.delete(context, key);
    return begunAt === undefined ? "" : `, ${context.invocation.clock.now() - begunAt} ms`;
  }
}
