import { AdkError } from "../errors.ts";
import type { Event } from "../events/event.ts";
import { copyJson, setOwn } from "../internal/json.ts";
import { splitDelta, splitKey, type ScopeChanges } from "../log/apply-delta.ts";
import type { ScopeDelta, ScopedValues, StoreDelta, Values } from "./session-store.ts";

/** State values as a store keeps them: JSON texts, by key without prefix. */
export function encodeValues(record: Readonly<Record<string, unknown>>): Values {
  const values = emptyValues();
  for (const key of Object.keys(record)) values[key] = JSON.stringify(record[key]);
  return values;
}

export function decodeValues(values: Values): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (const key of Object.keys(values))
    setOwn(record, key, decodeValue(key, values[key] as string));
  return record;
}

/** The three scopes as one record, prefixes included; its values belong to the caller alone. */
export function decodeState(state: ScopedValues): Record<string, unknown> {
  const record = decodeValues(state.session);
  for (const key of Object.keys(state.user))
    record[`user:${key}`] = decodeValue(key, state.user[key] as string);
  for (const key of Object.keys(state.app))
    record[`app:${key}`] = decodeValue(key, state.app[key] as string);
  return record;
}

/** What a stored event changes, encoded; `undefined` when it changes nothing. */
export function encodeDelta(event: Event): StoreDelta | undefined {
  const changes = splitDelta(event);
  if (!changes) return undefined;
  const delta: StoreDelta = {};
  if (changes.app) delta.app = encodeScope(changes.app);
  if (changes.user) delta.user = encodeScope(changes.user);
  if (changes.session) delta.session = encodeScope(changes.session);
  return delta;
}

/**
 * The state a session is created with, by scope; `temp:` is dropped, and so are members that are `undefined`.
 *
 * @throws {@link AdkError} `NOT_SERIALIZABLE`, with the path.
 */
export function encodeInitialState(state: Readonly<Record<string, unknown>> | undefined): {
  session: Values;
  shared?: Pick<StoreDelta, "app" | "user">;
} {
  const session = emptyValues();
  let shared: Pick<StoreDelta, "app" | "user"> | undefined;
  for (const key of Object.keys(state ?? {})) {
    const { scope, name } = splitKey(key);
    const value = state?.[key];
    if (value === undefined || scope === "temp") continue;
    const encoded = JSON.stringify(copyJson(value, { path: `state.${key}` }));
    if (scope === "session") session[name] = encoded;
    else ((shared ??= {})[scope] ??= { set: emptyValues(), remove: [] }).set[name] = encoded;
  }
  return shared ? { session, shared } : { session };
}

function encodeScope(changes: ScopeChanges): ScopeDelta {
  return { set: encodeValues(changes.set), remove: changes.remove };
}

function decodeValue(key: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new AdkError(
      "SCHEMA_MISMATCH",
      `The stored state ${JSON.stringify(key)} is not in the format of @adk/core. Is the store behind a decorator (an encryption, say) that is missing here?`,
    );
  }
}

/** A record without a prototype: any key is a plain key. */
function emptyValues(): Values {
  return Object.create(null) as Values;
}
