import type { Event } from "../events/event.ts";
import { setOwn } from "../internal/json.ts";

/** Where a state key lives. `temp` is never stored. */
export type StateScope = "app" | "user" | "session" | "temp";

export interface ScopedKey {
  readonly scope: StateScope;
  /** The key without its prefix; the prefix counts once and only at the start. */
  readonly name: string;
}

/** `app:x` is `x` of the app, `app:app:x` is `app:x` of the app, `x:app:` is `x:app:` of the session. */
export function splitKey(key: string): ScopedKey {
  if (key.startsWith("app:")) return { scope: "app", name: key.slice(4) };
  if (key.startsWith("user:")) return { scope: "user", name: key.slice(5) };
  if (key.startsWith("temp:")) return { scope: "temp", name: key.slice(5) };
  return { scope: "session", name: key };
}

/**
 * Brings a state (prefixes included) to what it is after the event. A key that is both removed and set is set.
 */
export function applyDelta(state: Record<string, unknown>, event: Event): void {
  if (event.stateRemoved) for (const key of event.stateRemoved) delete state[key];
  const { stateDelta } = event.actions;
  for (const key of Object.keys(stateDelta)) setOwn(state, key, stateDelta[key]);
}

export interface ScopeChanges {
  readonly set: Record<string, unknown>;
  readonly remove: string[];
}

/** What a stored event changes in each stored scope, without prefixes; `undefined` when it changes nothing. */
export function splitDelta(
  event: Event,
): { app?: ScopeChanges; user?: ScopeChanges; session?: ScopeChanges } | undefined {
  const { stateDelta } = event.actions;
  let changes: { app?: ScopeChanges; user?: ScopeChanges; session?: ScopeChanges } | undefined;
  for (const key of Object.keys(stateDelta)) {
    const { scope, name } = splitKey(key);
    if (scope === "temp") continue;
    changes ??= {};
    setOwn((changes[scope] ??= { set: {}, remove: [] }).set, name, stateDelta[key]);
  }
  for (const key of event.stateRemoved ?? []) {
    const { scope, name } = splitKey(key);
    if (scope === "temp" || Object.hasOwn(stateDelta, key)) continue;
    changes ??= {};
    (changes[scope] ??= { set: {}, remove: [] }).remove.push(name);
  }
  return changes;
}
