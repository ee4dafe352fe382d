import type { InvocationContext } from "@adk/core";

/** Whether the log had events of this invocation when its run began: another run has led it so far. */
export function isResumed({ session, invocation, invocationId }: InvocationContext): boolean {
  return session.events.some(
    (event) => event.invocationId === invocationId && (event.sequence ?? 0) <= invocation.openedAt,
  );
}
