import { AdkError } from "../errors.ts";
import { copyJson, deepFreeze, setOwn, type Json } from "../internal/json.ts";
import type { EventActions } from "./event-actions.ts";
import type { Event } from "./event.ts";

/** The version of the stored form. A form that older readers would misread gets the next number. */
const VERSION = 1;
/** The largest stored form, in bytes, where nobody says otherwise. */
export const DEFAULT_MAX_EVENT_BYTES: number = 32 * 1024 * 1024;

export interface EncodeOptions {
  /** The largest stored form, in bytes of UTF-8. @defaultValue 33,554,432 (32 MiB) */
  readonly maxEventBytes?: number | undefined;
}

/** An event on its way into a store. */
export interface EncodedEvent {
  /** The stored form: `{"v":1,"event":{…}}`. Equal events give equal text. */
  readonly data: string;
  /** What will have been stored: a copy, frozen but for its own members; {@link sealEvent} finishes it. */
  readonly event: Event;
  /** State of this invocation only (`temp:`), which is not stored. Frozen values. */
  readonly temporary: Readonly<Record<string, unknown>> | undefined;
  readonly temporaryRemoved: readonly string[] | undefined;
}

type RecordName =
  | "stateDelta"
  | "artifactDelta"
  | "requestedAuthConfigs"
  | "requestedToolConfirmations";

/** The members of `actions` that are always there; empty ones are not written. */
const RECORDS: ReadonlySet<string> = new Set<RecordName>([
  "stateDelta",
  "artifactDelta",
  "requestedAuthConfigs",
  "requestedToolConfirmations",
]);
const EMPTY: Readonly<Record<string, never>> = Object.freeze({});
const NO_ACTIONS: EventActions = Object.freeze({
  stateDelta: EMPTY,
  artifactDelta: EMPTY,
  requestedAuthConfigs: EMPTY,
  requestedToolConfirmations: EMPTY,
});

/**
 * The stored form of an event and the frozen copy that stands for it; nothing of the caller's object is kept.
 *
 * `temp:` state is taken out, `sequence` is left to the store, members that are `undefined` are dropped, members that this
 * version does not know are kept.
 *
 * @throws {@link AdkError} `NOT_SERIALIZABLE`, with the path, for what JSON cannot carry; `EVENT_TOO_LARGE`.
 */
export function encodeEvent(event: Event, options: EncodeOptions = {}): EncodedEvent {
  const stored: Record<string, unknown> = {};
  const written: Record<string, unknown> = {};
  let temporary: Record<string, unknown> | undefined;
  let temporaryRemoved: string[] | undefined;
  for (const name of Object.keys(event)) {
    const value = (event as unknown as Record<string, unknown>)[name];
    if (value === undefined || name === "sequence" || name === "actions") continue;
    let copy = copyJson(value, { path: name, freeze: true, blobs: true });
    if (name === "stateRemoved" && Array.isArray(copy)) {
      const removed = copy as string[];
      if (removed.some(isTemporary)) {
        temporaryRemoved = removed.filter(isTemporary);
        copy = Object.freeze(removed.filter((key) => !isTemporary(key))) as Json;
      }
      if ((copy as string[]).length === 0) continue;
    }
    setOwn(stored, name, copy);
    setOwn(written, name, copy);
  }
  const actions = encodeActions(event.actions);
  temporary = actions.temporary;
  stored["actions"] = actions.stored;
  if (actions.written !== undefined) written["actions"] = actions.written;
  const data = JSON.stringify({ v: VERSION, event: written });
  checkSize(data, options.maxEventBytes ?? DEFAULT_MAX_EVENT_BYTES);
  return { data, event: stored as unknown as Event, temporary, temporaryRemoved };
}

/** Gives the copy that {@link encodeEvent} made its position and freezes it. */
export function sealEvent(encoded: EncodedEvent, sequence: number): Event {
  const { event } = encoded;
  event.sequence = sequence;
  return Object.freeze(event);
}

/**
 * The event that a store holds, frozen at every depth.
 *
 * @throws {@link AdkError} `SCHEMA_MISMATCH` when the text was written by a newer version, or by something else.
 */
export function decodeEvent(data: string, sequence: number): Event {
  const { event } = parseStored(data, `The event at sequence ${sequence}`);
  const { actions } = event as { actions?: EventActions };
  event["actions"] = actions === undefined ? NO_ACTIONS : { ...NO_ACTIONS, ...actions };
  event["sequence"] = sequence;
  return deepFreeze(event) as unknown as Event;
}

/** The stored form of events that the header keeps; they carry their sequences. */
export function encodeKept(events: readonly Event[]): string {
  return JSON.stringify({
    v: VERSION,
    event: { kept: copyJson(events, { path: "header.kept", blobs: true }) },
  });
}

/** @throws {@link AdkError} `SCHEMA_MISMATCH` */
export function decodeKept(data: string): Event[] {
  const { event } = parseStored(data, "The list of kept events");
  return deepFreeze((event as { kept?: Event[] }).kept ?? []).slice();
}

interface EncodedActions {
  readonly stored: EventActions;
  readonly written: Record<string, unknown> | undefined;
  readonly temporary: Record<string, unknown> | undefined;
}

function encodeActions(actions: EventActions | undefined): EncodedActions {
  let temporary: Record<string, unknown> | undefined;
  let written: Record<string, unknown> | undefined;
  for (const name of Object.keys(actions ?? {})) {
    const value = (actions as unknown as Record<string, unknown>)[name];
    if (value === undefined) continue;
    if (RECORDS.has(name) && typeof value === "object" && value !== null && isEmpty(value))
      continue;
    let copy = copyJson(value, { path: `actions.${name}`, freeze: true, blobs: true });
    if (name === "stateDelta" && typeof copy === "object" && copy !== null) {
      const delta = copy as Record<string, unknown>;
      if (Object.keys(delta).some(isTemporary)) {
        const kept: Record<string, unknown> = {};
        temporary = {};
        for (const key of Object.keys(delta))
          setOwn(isTemporary(key) ? temporary : kept, key, delta[key]);
        if (isEmpty(kept)) continue;
        copy = Object.freeze(kept) as Json;
      }
    }
    written ??= {};
    setOwn(written, name, copy);
  }
  if (written === undefined) return { stored: NO_ACTIONS, written, temporary };
  const stored = Object.freeze({ ...NO_ACTIONS, ...written }) as EventActions;
  return { stored, written, temporary };
}

function parseStored(data: string, what: string): { event: Record<string, unknown> } {
  let parsed: { v?: unknown; event?: unknown } | null;
  try {
    parsed = JSON.parse(data) as typeof parsed;
  } catch {
    parsed = null;
  }
  if (typeof parsed?.v === "number" && parsed.v > VERSION)
    throw new AdkError(
      "SCHEMA_MISMATCH",
      `${what} was stored in format ${parsed.v}, and this version of @adk/core reads up to ${VERSION}. Update @adk/core.`,
      { details: { found: parsed.v, supported: VERSION } },
    );
  if (parsed?.v !== VERSION || typeof parsed.event !== "object" || parsed.event === null)
    throw new AdkError(
      "SCHEMA_MISMATCH",
      `${what} is not in the format of @adk/core. Is the store behind a decorator (an encryption, say) that is missing here?`,
    );
  return { event: parsed.event as Record<string, unknown> };
}

function checkSize(data: string, maxEventBytes: number): void {
  if (data.length * 3 <= maxEventBytes) return;
  const bytes = new TextEncoder().encode(data).length;
  if (bytes > maxEventBytes)
    throw new AdkError(
      "EVENT_TOO_LARGE",
      `The event takes ${bytes} bytes, and ${maxEventBytes} are allowed. Save large data as an artifact, or raise \`maxEventBytes\`.`,
      { details: { bytes, maxEventBytes } },
    );
}

function isTemporary(key: string): boolean {
  return key.startsWith("temp:");
}

function isEmpty(value: object): boolean {
  for (const key in value) if (Object.hasOwn(value, key)) return false;
  return true;
}
