import type { Encoded, Refusal, SessionHeader, Snapshot, StoredEvent, Values } from "@adk/core";
import type { Row } from "./database.ts";

/** Rows `kind, sequence, key, data` as a snapshot; `undefined` without a header. Many are events: they may leave the kind out. */
export function toSnapshot(
  rows: readonly Row[],
  wanted: { readonly state: boolean; readonly isDescending?: boolean },
): Snapshot | undefined {
  let header: SessionHeader | undefined;
  let initialState: Values | undefined;
  let kept: Encoded | undefined;
  const state = { app: emptyValues(), user: emptyValues(), session: emptyValues() };
  const events: StoredEvent[] = [];
  for (const [kind, sequence, key, data] of rows)
    switch (kind) {
      case null:
      case "event":
        events.push({ sequence: Number(sequence), id: key ?? "", data: data ?? "" });
        break;
      case "app":
      case "user":
      case "session":
        state[kind][key ?? ""] = data ?? "";
        break;
      case "header":
        header = JSON.parse(data ?? "") as SessionHeader;
        break;
      case "initial":
        initialState = toValues(data ?? "{}");
        break;
      case "kept":
        kept = data ?? undefined;
        break;
      default:
        // The outcome of an open stands first; its caller has read it.
        break;
    }
  if (!header) return undefined;
  // A union's rows come in no order that SQL promises; sorting what is sorted costs one look at each.
  events.sort(
    wanted.isDescending
      ? (left, right) => right.sequence - left.sequence
      : (left, right) => left.sequence - right.sequence,
  );
  const snapshot: Snapshot = { header, events };
  if (wanted.state) snapshot.state = state;
  if (initialState) snapshot.initialState = initialState;
  if (kept !== undefined) snapshot.kept = kept;
  return snapshot;
}

/** A record without a prototype: `__proto__` is a key like any other. */
export function emptyValues(): Values {
  return Object.create(null) as Values;
}

function toValues(json: string): Values {
  return Object.assign(emptyValues(), JSON.parse(json));
}

/** The word that a function's outcome begins with, and the rest. */
export function splitOutcome(outcome: string): { status: string; rest: string } {
  const space = outcome.indexOf(" ");
  return space < 0
    ? { status: outcome, rest: "" }
    : { status: outcome.slice(0, space), rest: outcome.slice(space + 1) };
}

/** Any outcome but `ok`. */
export function toRefusal(outcome: string): Refusal {
  const { status, rest } = splitOutcome(outcome);
  switch (status) {
    case "busy":
      return { status, expiresInMs: Number(rest) };
    case "id-conflict":
    case "fenced":
    case "conflict":
      return { status, lastSequence: Number(rest) };
    default:
      // The functions of the schema give no other words.
      return { status: status as "not-found" | "exists" | "gone" | "not-open" };
  }
}
