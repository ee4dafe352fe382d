import type { FunctionCall } from "../content/content.ts";
import type { Event, PendingCall } from "../events/event.ts";
import { getFunctionCalls, getFunctionResponses } from "../events/predicates.ts";
import { getOwn } from "../internal/json.ts";
import { liveBackwards } from "./live-backwards.ts";

/** A call as the log has it. */
export interface LoggedCall {
  readonly call: FunctionCall;
  /** The event that made it: of an agent tool's own run, when the call was made inside one. */
  readonly event: Event;
  /** Whether it asks somebody outside. */
  readonly waits: boolean;
  /** Until when, and for what. */
  readonly pending: PendingCall | undefined;
  /** The call of the outermost agent tool inside which it was made. */
  readonly via: string | undefined;
}

/** Whether a call can be answered, and why not. */
export type CallStanding =
  | { readonly kind: "waiting"; readonly logged: LoggedCall }
  /** By the user, or by the seal of an aborted invocation; what its tool has reported in the meantime does not count. */
  | { readonly kind: "answered" }
  /** Nobody answered in time. */
  | { readonly kind: "expired"; readonly expiresAt: number }
  | { readonly kind: "rewound" }
  /** There is no such call, or it asks nobody outside. */
  | { readonly kind: "unknown" };

/**
 * Where a call stands on this log. Walks backwards, and only as far as it must.
 *
 * @param now milliseconds since the Unix epoch.
 */
export function callStanding(events: readonly Event[], callId: string, now: number): CallStanding {
  /** What was answered after the call: it, or the agent tool inside which it was made. */
  const answered = new Set<string>();
  const sealed = new Set<string>();
  for (const event of liveBackwards(events)) {
    for (const logged of loggedCalls(event)) {
      if (logged.call.id !== callId) continue;
      if (!logged.waits) return { kind: "unknown" };
      if (answered.has(callId) || (logged.via !== undefined && sealed.has(logged.via)))
        return { kind: "answered" };
      const expiresAt = logged.pending?.expiresAt;
      return expiresAt !== undefined && expiresAt <= now
        ? { kind: "expired", expiresAt }
        : { kind: "waiting", logged };
    }
    const isSeal = event.errorCode === "INVOCATION_ABORTED";
    if (event.author !== "user" && !isSeal) continue;
    for (const { id } of getFunctionResponses(event)) {
      if (id === undefined) continue;
      answered.add(id);
      if (isSeal) sealed.add(id);
    }
  }
  const isRewound = events.some((event) =>
    [...loggedCalls(event)].some(({ call, waits }) => call.id === callId && waits),
  );
  return { kind: isRewound ? "rewound" : "unknown" };
}

/** The calls of an event, those inside an agent tool's run included. */
export function* loggedCalls(event: Event, via?: string): Generator<LoggedCall, void, undefined> {
  if (event.author !== "user")
    for (const call of getFunctionCalls(event)) {
      if (call.id === undefined) continue;
      const pending = getOwn(event.pending ?? {}, call.id);
      const waits = pending !== undefined || (event.longRunningToolIds ?? []).includes(call.id);
      yield { call, event, waits, pending, via: pending?.via ?? via };
    }
  const { toolRecord } = event;
  if (toolRecord?.event) yield* loggedCalls(toolRecord.event, via ?? toolRecord.callId);
}
