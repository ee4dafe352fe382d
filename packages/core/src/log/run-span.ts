import type { Event } from "../events/event.ts";

/** The stored events of one agent's run: those from an index on that belong to its branch or one below it. */
export interface RunSpan {
  readonly events: readonly Event[];
  /** Index of the first event that can belong to the run. */
  readonly from: number;
  readonly invocationId: string;
  readonly branch: string | undefined;
}

/** Ids of the run's long-running calls that nobody has answered yet; an interim response of the tool is no answer. */
export function openRequests(span: RunSpan): Set<string> {
  const open = new Set<string>();
  forEach(span, (event) => {
    for (const id of event.longRunningToolIds ?? []) open.add(id);
    if (event.author === "user" || event.errorCode === "INVOCATION_ABORTED")
      for (const part of event.content?.parts ?? [])
        if (part.functionResponse?.id !== undefined) open.delete(part.functionResponse.id);
  });
  return open;
}

/** Whether an event of the run asked to leave the enclosing loop. */
export function hasEscalated(span: RunSpan): boolean {
  let escalated = false;
  forEach(span, (event) => {
    if (event.actions.escalate) escalated = true;
  });
  return escalated;
}

/** Whether an event of `branch` belongs to a run on `runBranch`: the same or one below it. */
export function isWithinBranch(branch: string | undefined, runBranch: string | undefined): boolean {
  if (runBranch === undefined) return true;
  return branch === runBranch || (branch?.startsWith(`${runBranch}.`) ?? false);
}

function forEach(span: RunSpan, visit: (event: Event) => void): void {
  for (let index = span.from; index < span.events.length; index++) {
    const event = span.events[index];
    if (event === undefined || event.invocationId !== span.invocationId) continue;
    if (isWithinBranch(event.branch, span.branch)) visit(event);
  }
}
