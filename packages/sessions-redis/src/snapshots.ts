import type {
  ReadCommand,
  ScopedValues,
  SessionKey,
  Snapshot,
  StoredEvent,
  Values,
} from "@adk/core";
import { HEADER_FIELDS, readHeader, readTime, type StoredHeader } from "./headers.ts";
import type { Keys } from "./keys.ts";
import type { Command } from "./redis-client.ts";
import { damaged, toValues } from "./replies.ts";

/** Which elements of the list of events, as `LRANGE` counts: from 0, or from -1 at its end. */
export interface EventRange {
  readonly start: number;
  readonly stop: number;
}

/** What is read beside the header. */
export interface Wanted extends Pick<ReadCommand, "state" | "initialState" | "kept"> {
  readonly events?: EventRange | undefined;
}

/** Commands that read one session, all of one slot, and what their replies say. */
export interface SnapshotPlan {
  readonly commands: readonly Command[];
  /** @throws AdkError `STORE_CORRUPT` when a part is gone. */
  finish(replies: readonly unknown[]): StoredSnapshot | undefined;
}

export interface StoredSnapshot extends Omit<StoredHeader, "header">, Snapshot {
  /** Changes of the app's state that are still to be applied. */
  readonly unsettled: number;
}

/** @param isSplit whether the app's state is in another slot, and is read apart. */
export function planSnapshot(
  key: SessionKey,
  keys: Keys,
  wanted: Wanted,
  isSplit: boolean,
): SnapshotPlan {
  const session = keys.session(key);
  const commands: Command[] = [];
  const place = (command: Command): number => commands.push(command) - 1;
  const time = place(["time"]);
  const header = place(["hmget", session.header, ...HEADER_FIELDS]);
  const length = place(["llen", session.events]);
  const rest = place(["exists", session.ids, session.state, session.initial, session.kept]);
  const state = wanted.state ? place(["hgetall", session.state]) : undefined;
  const user = wanted.state
    ? place(["hgetall", keys.user(key.appName, key.userId).state])
    : undefined;
  const app =
    wanted.state && !isSplit ? place(["hgetall", keys.app(key.appName).state]) : undefined;
  const outbox = isSplit ? place(["llen", session.outbox]) : undefined;
  const initial = wanted.initialState ? place(["hgetall", session.initial]) : undefined;
  const kept = wanted.kept ? place(["get", session.kept]) : undefined;
  const events = wanted.events
    ? place(["lrange", session.events, wanted.events.start, wanted.events.stop])
    : undefined;

  const finish = (replies: readonly unknown[]): StoredSnapshot | undefined => {
    const of = (index: number | undefined): unknown =>
      index === undefined ? undefined : replies[index];
    const stored = readHeader(key, of(header), readTime(of(time)));
    if (!stored) {
      if (Number(of(length)) + Number(of(rest)) > 0) throw damaged(key, "header");
      return undefined;
    }
    const { lastSequence } = stored.header;
    if (Number(of(length)) !== lastSequence) throw damaged(key, "events");
    const snapshot: StoredSnapshot = {
      ...stored,
      events: wanted.events ? toEvents(of(events), wanted.events.start, lastSequence) : [],
      unsettled: Number(of(outbox) ?? 0),
    };
    if (wanted.state) {
      const own = counted(of(state), stored.stateCount, key, "state");
      const shared = { user: toValues(of(user)), app: toValues(of(app)) };
      snapshot.state = { ...shared, session: own } satisfies ScopedValues;
    }
    if (wanted.initialState)
      snapshot.initialState = counted(of(initial), stored.initialCount, key, "initial");
    if (wanted.kept && stored.hasKept) {
      if (of(kept) === null) throw damaged(key, "kept");
      snapshot.kept = String(of(kept));
    }
    return snapshot;
  };
  return { commands, finish };
}

/** What core asks for, without what only the store's own readers need. */
export function toSnapshot(stored: StoredSnapshot): Snapshot {
  const { header, state, initialState, kept, events } = stored;
  return {
    header,
    ...(state && { state }),
    ...(initialState && { initialState }),
    ...(kept !== undefined && { kept }),
    events,
  };
}

/** @returns `undefined` when no event can be in it. */
export function eventRange(
  from: number,
  { to, limit, descending }: NonNullable<ReadCommand["events"]>,
): EventRange | undefined {
  if ((to !== undefined && to < from) || (limit !== undefined && limit < 1)) return undefined;
  const start = from - 1;
  if (limit === undefined) return { start, stop: to === undefined ? -1 : to - 1 };
  if (!descending) return { start, stop: Math.min(to ?? Infinity, from + limit - 1) - 1 };
  if (to === undefined) return { start: -limit, stop: -1 };
  return { start: Math.max(start, to - limit), stop: to - 1 };
}

function toEvents(reply: unknown, start: number, lastSequence: number): StoredEvent[] {
  const texts = reply as string[];
  const first = start < 0 ? Math.max(1, lastSequence + 1 + start) : start + 1;
  return texts.map((text, index) => {
    const end = text.indexOf("\0");
    return Object.freeze({
      sequence: first + index,
      id: text.slice(0, end),
      data: text.slice(end + 1),
    });
  });
}

function counted(reply: unknown, count: number, key: SessionKey, part: string): Values {
  const values = toValues(reply);
  if (Object.keys(values).length !== count) throw damaged(key, part);
  return values;
}
