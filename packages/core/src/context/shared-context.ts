import { AdkError } from "../errors.ts";
import { Context } from "./context.ts";
import { State, type StateValues } from "./state.ts";

export interface SharedContextOptions {
  /** @defaultValue that of the other context */
  readonly attempt?: number | undefined;
  /** @defaultValue that of the other context */
  readonly abortSignal?: AbortSignal | undefined;
}

/**
 * Another context in other hands: what is written here is written there. It can be revoked alone: one hook, or one attempt at
 * a call, is over while the other goes on.
 */
export class SharedContext extends Context {
  readonly #shared: State;
  #over: string | undefined;

  constructor(context: Context, options: SharedContextOptions = {}) {
    const { invocationContext, eventActions, functionCallId, toolConfirmation } = context;
    const { attempt = context.attempt, abortSignal = context.abortSignal } = options;
    super({
      invocationContext,
      eventActions,
      functionCallId,
      toolConfirmation,
      attempt,
      abortSignal,
    });
    const { state } = context;
    const values: StateValues = {
      get: (key) => state.get(key),
      has: (key) => state.has(key),
      keys: () => invocationContext.invocation.state.keys(),
      set(key, value) {
        state.set(key, value);
        return value;
      },
    };
    this.#shared = new State(values, { delta: {}, removed: [] }, (key) => this.#checkOpen(key));
  }

  override get state(): State {
    return this.#shared;
  }

  override revoke(reason: string): void {
    this.#over ??= reason;
    super.revoke(reason);
  }

  #checkOpen(key: string): void {
    if (this.#over !== undefined)
      throw new AdkError(
        "FAILED_PRECONDITION",
        `State ${key} came too late: ${this.#over}. Await all work before returning, and stop when \`abortSignal\` fires.`,
      );
  }
}
