import type { ReadCommand, ReadScope, SessionKey, Snapshot, StoredEvent, Values } from "@adk/core";
import type { RunOptions } from "./connection.ts";
import { Outbox } from "./outbox.ts";
import type { Place } from "./place.ts";
import { toValues } from "./replies.ts";
import {
  eventRange,
  planSnapshot,
  toSnapshot,
  type EventRange,
  type SnapshotPlan,
  type StoredSnapshot,
  type Wanted,
} from "./snapshots.ts";

/** Reads sessions, each of one moment; only an app's state in a cluster is of a later one. */
export class SessionReader {
  readonly #place: Place;
  readonly #outbox: Outbox;

  constructor(place: Place) {
    this.#place = place;
    this.#outbox = new Outbox(place.connection, place.keys);
  }

  async readScope({ appName, userId }: ReadScope, options: RunOptions): Promise<Values> {
    const { connection, keys } = this.#place;
    const of = userId === undefined ? keys.app(appName) : keys.user(appName, userId);
    return toValues(await connection.ask(["hgetall", of.state], options));
  }

  async read(command: ReadCommand, options: RunOptions): Promise<Snapshot | undefined> {
    const stored = await this.#readStored(command, options);
    return stored && toSnapshot(await this.complete(command, stored, options));
  }

  /** What reads a session, to go together with a script. */
  plan(key: SessionKey, wanted: Wanted): SnapshotPlan {
    return planSnapshot(key, this.#place.keys, wanted, this.#place.isSplit);
  }

  /** A snapshot with what lies in another slot; what was left to be applied there is applied first. */
  async complete(
    { appName, userId, sessionId }: SessionKey,
    stored: StoredSnapshot,
    options: RunOptions,
  ): Promise<StoredSnapshot> {
    if (!this.#place.isSplit || !stored.state) return stored;
    if (stored.unsettled > 0) await this.#outbox.settle({ appName, userId, sessionId }, options);
    stored.state.app = await this.readScope({ appName }, options);
    return stored;
  }

  async #readStored(
    command: ReadCommand,
    options: RunOptions,
  ): Promise<StoredSnapshot | undefined> {
    const { events } = command;
    if (!events) return await this.#readRange(command, undefined, options);
    if (events.from === "window") return await this.#readWindow(command, events, options);
    const from = events.from ?? 1;
    const stored = await this.#readRange(command, eventRange(from, events), options);
    if (!stored) return undefined;
    const { lastSequence } = stored.header;
    const { to, limit, descending } = events;
    if (descending && limit !== undefined && to !== undefined && to > lastSequence) {
      // The newest were meant, and `to` lies behind them.
      const range = eventRange(from, { ...events, to: lastSequence });
      return await this.#readRange(command, range, options, descending);
    }
    return arranged(stored, from, descending);
  }

  /** The window's start is known with its header alone; when it moved meanwhile it is read again. */
  async #readWindow(
    command: ReadCommand,
    events: NonNullable<ReadCommand["events"]>,
    options: RunOptions,
  ): Promise<StoredSnapshot | undefined> {
    let from = 1;
    let stored = await this.#readRange({ ...command, events: {} }, undefined, options);
    while (stored && stored.header.windowFrom !== from) {
      from = stored.header.windowFrom;
      stored = await this.#readStored({ ...command, events: { ...events, from } }, options);
    }
    if (from > 1 || !stored) return stored;
    return await this.#readStored({ ...command, events: { ...events, from } }, options);
  }

  async #readRange(
    command: ReadCommand,
    range: EventRange | undefined,
    options: RunOptions,
    descending = false,
  ): Promise<StoredSnapshot | undefined> {
    const plan = this.plan(command, { ...wantedOf(command), events: range });
    const replies = await this.#place.connection.read(plan.commands, options);
    const stored = plan.finish(replies);
    return stored && arranged(stored, 1, descending);
  }
}

function wantedOf({ state, initialState, kept }: ReadCommand): Wanted {
  return {
    ...(state !== undefined && { state }),
    ...(initialState !== undefined && { initialState }),
    ...(kept !== undefined && { kept }),
  };
}

/** Without the events before `from`, in the order that was asked for. */
function arranged(
  stored: StoredSnapshot,
  from: number,
  descending: boolean | undefined,
): StoredSnapshot {
  const events: StoredEvent[] = stored.events.filter(({ sequence }) => sequence >= from);
  return { ...stored, events: descending ? events.reverse() : events };
}
