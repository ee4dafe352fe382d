import type { InvocationContext } from "../context/invocation-context.ts";
import type { Invocation } from "../context/invocation.ts";
import { AdkError } from "../errors.ts";
import { settlesWithin } from "../internal/clock.ts";
import { orStopped, Stopped } from "../internal/stopped.ts";
import type { HeaderChange } from "../sessions/requests.ts";
import type { Session } from "../sessions/session.ts";
import { Compactor, type CompactorOptions, type StoreSummary } from "./compactor.ts";
import { HeaderWindow } from "./header-window.ts";
import { storeBeside } from "./store-beside.ts";

export interface CompactionsOptions extends Omit<CompactorOptions, "headerWindow"> {
  /** How long `close` waits for what is under way, in milliseconds. */
  readonly graceMs: number;
}

/**
 * When the older events of sessions are summed up: between two model calls, when a prompt has become too large, and after a
 * run. In the background no run waits for it: it takes no lease, and of several who sum up the same events one is stored, in
 * whichever processes they are. A summarizer that fails is logged, and nothing is changed.
 */
export class Compactions {
  readonly #options: CompactionsOptions;
  readonly #compactor: Compactor;
  readonly #headerWindow: HeaderWindow;
  readonly #closing: AbortController = new AbortController();
  /** What is under way, by session. It never rejects. */
  readonly #running: Map<string, Promise<unknown>> = new Map();

  constructor(options: CompactionsOptions) {
    this.#options = options;
    this.#headerWindow = new HeaderWindow(options);
    this.#compactor = new Compactor({ ...options, headerWindow: this.#headerWindow });
  }

  /**
   * Before a model call: by the token threshold alone. Agents that run side by side wait for one of them.
   *
   * @throws Stopped; what the store throws.
   */
  async beforeModelCall(context: InvocationContext, store: StoreSummary): Promise<void> {
    const name = nameOf(context.session);
    if (this.#options.config.inBackground) {
      this.#inBackground(name, (closing) =>
        this.#compactor.beforeModelCall(context, storeBeside(context), closing),
      );
      return;
    }
    const signal = context.abortSignal;
    for (let other = this.#running.get(name); other; other = this.#running.get(name))
      await orStopped(other, signal);
    const work = this.#compactor.beforeModelCall(context, store, signal);
    this.#track(name, work);
    await work;
  }

  /** After a run: by the token threshold, else by the sliding window. Never rejects. */
  async afterRun(
    context: InvocationContext,
    store: StoreSummary,
    signal: AbortSignal,
  ): Promise<void> {
    const name = nameOf(context.session);
    if (this.#options.config.inBackground)
      return this.#inBackground(name, (closing) =>
        this.#compactor.afterRun(context, storeBeside(context), closing),
      );
    try {
      await this.#compactor.afterRun(context, store, signal);
    } catch (error) {
      this.#logUnstored(error, context);
    }
  }

  /**
   * What the header is to say of what the next run loads, where that has changed.
   *
   * @param openInvocationId the invocation that the header names as open.
   */
  headerChange(
    invocation: Invocation,
    openInvocationId: string | undefined,
  ): HeaderChange | undefined {
    return this.#headerWindow.changeAtEnd(invocation, openInvocationId);
  }

  /** Waits a while for what is under way in the background, then gives it up. */
  async close(): Promise<void> {
    const { clock, graceMs } = this.#options;
    const running = Promise.all(this.#running.values());
    if (this.#running.size > 0) await settlesWithin(clock, graceMs, running);
    this.#closing.abort();
    await running;
  }

  #inBackground(name: string, work: (signal: AbortSignal) => Promise<void>): void {
    // What is under way will be looked at again after the next run.
    if (this.#running.has(name)) return;
    const { signal } = this.#closing;
    this.#track(
      name,
      work(signal).catch((error: unknown) => {
        if (!(error instanceof Stopped)) this.#logUnstored(error, undefined);
      }),
    );
  }

  #track(name: string, work: Promise<unknown>): void {
    const settled = work
      .catch(() => undefined)
      .then(() => {
        if (this.#running.get(name) === settled) this.#running.delete(name);
      });
    this.#running.set(name, settled);
  }

  #logUnstored(error: unknown, context: InvocationContext | undefined): void {
    const { logger } = this.#options;
    const isExpected =
      error instanceof Stopped ||
      (AdkError.isInstance(error) &&
        ["SESSION_FENCED", "SESSION_GONE", "SESSION_NOT_FOUND", "CLOSED"].includes(error.code));
    const where = context ? ` of session ${context.session.id}` : "";
    logger[isExpected ? "debug" : "warn"](`A summary${where} was not stored.`, { error });
  }
}

function nameOf({ userId, id }: Session): string {
  return JSON.stringify([userId, id]);
}
