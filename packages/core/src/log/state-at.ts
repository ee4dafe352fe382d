import type { Event } from "../events/event.ts";
import { copyRecord, equalJson, setOwn } from "../internal/json.ts";
import { splitKey } from "./apply-delta.ts";

/**
 * The session's own scope (no `app:`, no `user:`) as it was when the last of `events` had been stored.
 *
 * @param initialState the session scope at birth.
 * @param events from the first on, in their order.
 */
export function stateAt(
  initialState: Readonly<Record<string, unknown>>,
  events: Iterable<Event>,
): Record<string, unknown> {
  const state = copyRecord(initialState);
  for (const event of events) applySessionDelta(state, event);
  return state;
}

/** One step of {@link stateAt}. */
function applySessionDelta(state: Record<string, unknown>, event: Event): void {
  for (const key of event.stateRemoved ?? [])
    if (splitKey(key).scope === "session") delete state[key];
  const { stateDelta } = event.actions;
  for (const key of Object.keys(stateDelta))
    if (splitKey(key).scope === "session") setOwn(state, key, stateDelta[key]);
}

/** What has to be set and removed for the session's own scope of `current` to become `wanted`. */
export function sessionDifference(
  current: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
): { stateDelta: Record<string, unknown>; stateRemoved: string[] } {
  const stateDelta: Record<string, unknown> = {};
  for (const key of Object.keys(wanted))
    if (!Object.hasOwn(current, key) || !equalJson(current[key], wanted[key]))
      setOwn(stateDelta, key, wanted[key]);
  const stateRemoved = Object.keys(current).filter(
    (key) => splitKey(key).scope === "session" && !Object.hasOwn(wanted, key),
  );
  return { stateDelta, stateRemoved };
}
