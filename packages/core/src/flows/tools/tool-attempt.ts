import type { Context } from "../../context/context.ts";
import { AdkError } from "../../errors.ts";
import { settlesWithin, withTimeout } from "../../internal/clock.ts";
import { orStopped, Stopped } from "../../internal/stopped.ts";
import type { BaseTool } from "../../tools/base-tool.ts";

/** One attempt at a tool's work: within the tool's time, and no longer than it is wanted. */
export class ToolAttempt {
  readonly #tool: BaseTool;
  readonly #args: Record<string, unknown>;
  /** What the tool writes through; revoked when the work is given up. */
  readonly #context: Context;
  readonly #controller: AbortController;
  #timedOut = false;

  /** @param controller of the context's signal. */
  constructor(
    tool: BaseTool,
    args: Record<string, unknown>,
    context: Context,
    controller: AbortController,
  ) {
    this.#tool = tool;
    this.#args = args;
    this.#context = context;
    this.#controller = controller;
  }

  /** Whether it was cancelled because it took too long, and for no other reason. */
  get timedOut(): boolean {
    return this.#timedOut;
  }

  /** @throws Stopped; what the tool throws; AdkError `TIMEOUT`. */
  async run(): Promise<unknown> {
    const work = Promise.resolve(
      this.#tool.runAsync({ args: this.#args, toolContext: this.#context }),
    );
    try {
      return await this.#withinTime(orStopped(work, this.#controller.signal));
    } catch (error) {
      if (error instanceof Stopped || this.#timedOut) await this.#giveUp(work);
      throw error;
    }
  }

  async #withinTime(work: Promise<unknown>): Promise<unknown> {
    const { name, timeoutMs } = this.#tool;
    if (timeoutMs === undefined) return await work;
    const { clock } = this.#context.invocationContext.invocation;
    return await withTimeout(clock, timeoutMs, work, () => {
      this.#timedOut = true;
      this.#controller.abort();
      return new AdkError(
        "TIMEOUT",
        `Tool ${name} took longer than ${timeoutMs} ms and was cancelled.`,
        { retryable: true, details: { tool: name, timeoutMs } },
      );
    });
  }

  /** The work was told to stop: it gets a while to do so, then nobody listens to it any more. */
  async #giveUp(work: Promise<unknown>): Promise<void> {
    const { clock, abortGraceMs, logger } = this.#context.invocationContext.invocation;
    const ended = await settlesWithin(clock, abortGraceMs, work);
    this.#context.revoke("the call was cancelled");
    if (ended) return;
    logger.warn(
      `Tool ${this.#tool.name} has not stopped ${abortGraceMs} ms after its call was cancelled; it is abandoned.`,
      { callId: this.#context.functionCallId },
    );
  }
}
