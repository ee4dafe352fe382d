import type { InvocationContext } from "../context/invocation-context.ts";
import type { RunSpan } from "../log/run-span.ts";

/** The events of the context's branch and those below, from an index on. */
export function spanOf(context: InvocationContext, from: number): RunSpan {
  return {
    events: context.session.events,
    from,
    invocationId: context.invocationId,
    branch: context.branch,
  };
}
