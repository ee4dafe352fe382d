import { frozenView } from "../internal/frozen-view.ts";
import { Context } from "./context.ts";
import { observedInvocationContext } from "./observed-invocation.ts";
import { ReadonlyContext } from "./readonly-context.ts";
import type { State } from "./state.ts";

/** The context of a hook or a tool as an isolated plugin sees it: everything can be read, every write is refused. */
export class ObservedContext extends Context {
  constructor(context: Context) {
    const { invocationContext, eventActions, functionCallId, attempt, abortSignal } = context;
    super({
      invocationContext: observedInvocationContext(invocationContext),
      eventActions: frozenView(eventActions),
      functionCallId,
      toolConfirmation: frozenView(context.toolConfirmation),
      attempt,
      abortSignal,
    });
    this.revoke("an isolated plugin only observes");
    Object.freeze(this);
  }

  override get state(): State {
    return new ReadonlyContext(this.invocationContext).state as State;
  }
}
