import type { Event } from "../events/event.ts";
import { liveFrom } from "./rewind.ts";

/**
 * The stored events of one agent's run: those from an index on that belong to its branch or one below it. What was rewound is
 * no part of it.
 */
export interface RunSpan {
  readonly events: readonly Event[];
  /** Index of the first event that can belong to the run. */
  readonly from: number;
  readonly invocationId: string;
  readonly branch: string | undefined;
}

/**
 * Ids of the run's calls that wait for an answer from outside, those inside agent tools included. An interim response of the
 * tool is no answer; a call whose time is over waits no more.
 *
 * @param now milliseconds since the Unix epoch.
 */
export function openRequests(span: RunSpan, now: number): Set<string> {
  const open = new Set<string>();
  for (const event of eventsOf(span)) {
    // Answers are matched by the call's id, on whatever branch they stand.
    if (event.author === "user" || event.errorCode === "INVOCATION_ABORTED")
      for (const part of event.content?.parts ?? [])
        if (part.functionResponse?.id !== undefined) open.delete(part.functionResponse.id);
    if (isWithinBranch(event.branch, span.branch)) addRequests(event, now, open);
  }
  return open;
}

function addRequests(event: Event, now: number, open: Set<string>): void {
  for (const id of event.longRunningToolIds ?? []) {
    const expiresAt = event.pending?.[id]?.expiresAt;
    if (expiresAt === undefined || expiresAt > now) open.add(id);
  }
  const inner = event.toolRecord?.event;
  if (!inner) return;
  if (inner.author === "user")
    for (const part of inner.content?.parts ?? [])
      if (part.functionResponse?.id !== undefined) open.delete(part.functionResponse.id);
  addRequests(inner, now, open);
}

/** Whether an event of the run asked to leave the enclosing loop. */
export function hasEscalated(span: RunSpan): boolean {
  for (const event of eventsOf(span))
    if (event.actions.escalate && isWithinBranch(event.branch, span.branch)) return true;
  return false;
}

/** Whether an event of `branch` belongs to a run on `runBranch`: the same or one below it. */
function isWithinBranch(branch: string | undefined, runBranch: string | undefined): boolean {
  if (runBranch === undefined) return true;
  return branch === runBranch || (branch?.startsWith(`${runBranch}.`) ?? false);
}

/** Those of the invocation, on whatever branch. */
function* eventsOf({ events, from, invocationId }: RunSpan): Generator<Event, void, undefined> {
  const isLive = liveFrom(events, from);
  for (let index = from; index < events.length; index++) {
    const event = events[index] as Event;
    if (event.invocationId === invocationId && isLive(index)) yield event;
  }
}
