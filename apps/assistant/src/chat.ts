import { AdkError, type Runner } from "@adk/core";
import { takeTurn } from "./take-turn.ts";
import type { View } from "./view.ts";

export interface ChatOptions {
  readonly runner: Runner;
  readonly userId: string;
  readonly sessionId: string;
  readonly view: View;
  /** Ends the source of lines; may be called more than once. */
  readonly stopReading: () => void;
}

/**
 * A conversation, line by line: waiting → (a line) turn → waiting … → left.
 *
 * An interrupt in a turn stops it; one while it waits, or a second one in the same turn, leaves.
 */
export class Chat {
  readonly #options: ChatOptions;
  #turn: AbortController | undefined;
  #isLeaving = false;
  #failures = 0;

  constructor(options: ChatOptions) {
    this.#options = options;
  }

  /** Answers lines until they end or the user leaves; then the lease is released. @returns how many turns failed. */
  async run(lines: AsyncIterable<string>): Promise<number> {
    const { runner, view, stopReading } = this.#options;
    const iterator = lines[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = iterator.next();
        if (!(await isThere(next))) view.ready();
        const { done, value } = await next;
        if (done || this.#isLeaving) break;
        const text = value.trim();
        if (/^(?:exit|quit)$/i.test(text)) break;
        if (text !== "") await this.#answer(text);
        if (this.#isLeaving) break;
      }
    } finally {
      stopReading();
      view.ends();
      await runner.close();
    }
    return this.#failures;
  }

  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** Ctrl-C. */
  interrupt(): "stops" | "leaves" {
    if (!this.#turn || this.#turn.signal.aborted) {
      this.leave();
      return "leaves";
    }
    this.#turn.abort("interrupted by the user");
    return "stops";
  }

  /** Stops what is under way and ends `run`. */
  leave(): void {
    this.#isLeaving = true;
    this.#turn?.abort("the user left");
    this.#options.stopReading();
    // Does not wait for a tool that hangs: breaks off and gives the lease back.
    void this.#options.runner.close();
  }

  async #answer(text: string): Promise<void> {
    const { runner, userId, sessionId, view } = this.#options;
    const turn = (this.#turn = new AbortController());
    view.turnStarts(text);
    let failure: unknown;
    try {
      const request = { runner, userId, sessionId, text, abortSignal: turn.signal };
      for await (const event of takeTurn({
        ...request,
        onBusy: (ms) =>
          view.notice(
            `The session ${sessionId} is busy: somebody else runs it (for up to ${Math.ceil(ms / 1_000)} s more, unless they go on). Waiting; Ctrl-C gives up.`,
          ),
      }))
        view.event(event);
    } catch (error) {
      const isStopped = turn.signal.aborted && AdkError.isInstance(error, "ABORTED");
      if (isStopped) view.notice("(stopped)");
      else {
        failure = error;
        this.#failures++;
      }
    } finally {
      this.#turn = undefined;
    }
    view.turnEnds(failure);
  }
}

/** Whether a line was typed before it was asked for. */
function isThere(line: Promise<unknown>): Promise<boolean> {
  const later = new Promise<boolean>((resolve) => setImmediate(resolve, false));
  return Promise.race([line.then(() => true), later]);
}
