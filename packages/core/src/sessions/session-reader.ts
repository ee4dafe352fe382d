import { decodeEvent } from "../events/codec.ts";
import type { Event } from "../events/event.ts";
import { pendingCalls } from "../log/pending.ts";
import { DecodedWindows, type DecodedWindow } from "./decoded-windows.ts";
import { decodePending } from "./header-change.ts";
import { refusalError } from "./refusal-error.ts";
import { decodeState, decodeValues } from "./scoped-values.ts";
import type {
  ReadCommand,
  SessionHeader,
  SessionKey,
  SessionStore,
  Snapshot,
  StoredEvent,
} from "./session-store.ts";
import type { Session } from "./session.ts";

/** The most events that are asked for at once. */
export const READ_PAGE = 1_000;

/** One text that no two sessions share: ids hold no NUL. */
export function sessionName({ appName, userId, sessionId }: SessionKey): string {
  return `${appName}\0${userId}\0${sessionId}`;
}

/** Turns what a store answers into sessions and events, reading the pages that are missing. */
export class SessionReader {
  readonly windows: DecodedWindows;
  readonly #store: SessionStore;

  constructor(store: SessionStore, maxCachedEvents: number) {
    this.#store = store;
    this.windows = new DecodedWindows(maxCachedEvents);
  }

  async read(command: ReadCommand, signal: AbortSignal | undefined): Promise<Snapshot | undefined> {
    return await this.#store.read(command, signal);
  }

  /**
   * The decoded events from `from` up to the snapshot's last one, kept for the next time.
   *
   * @param snapshot its events are a part without gaps; what lies before and after them is read in pages.
   */
  async window(
    snapshot: Snapshot,
    from: number,
    signal: AbortSignal | undefined,
  ): Promise<DecodedWindow> {
    const { header, events: stored } = snapshot;
    const name = sessionName(header);
    const known = this.windows.get(name);
    if (known && isPartOf(known, snapshot) && known.first <= from) {
      const next = known.first + known.events.length;
      if (next <= header.lastSequence)
        for (const event of await this.range(header, stored, next, header.lastSequence, signal))
          this.windows.extend(known, event);
      if (known.headerPending !== header.pendingCalls) {
        known.headerPending = header.pendingCalls;
        // What a whole log says of waiting calls, the header says too.
        if (known.first > 1) known.pending = pendingCalls(known.events, decodePending(header));
      }
      this.windows.keep(known);
      return known;
    }
    const events = await this.range(header, stored, from, header.lastSequence, signal);
    const window: DecodedWindow = {
      name,
      incarnation: header.incarnation,
      first: from,
      events,
      pending: pendingCalls(events, decodePending(header)),
      headerPending: header.pendingCalls,
      isKept: false,
    };
    this.windows.keep(window);
    return window;
  }

  /** A snapshot as a session with all events from `from` on, and the window they are shared with. */
  async load(
    snapshot: Snapshot,
    from: number,
    signal: AbortSignal | undefined,
  ): Promise<{ session: Session; window: DecodedWindow }> {
    const window = await this.window(snapshot, from, signal);
    const { first, events } = window;
    const length = snapshot.header.lastSequence + 1 - first;
    const slice = copyWithRoom(events, Math.max(0, from - first), length);
    // The window may have grown since the snapshot was taken.
    const pending =
      events.length > length ? pendingCalls(slice, decodePending(snapshot.header)) : window.pending;
    return { session: this.session(snapshot, slice, pending), window };
  }

  /** The decoded events of a range, from those at hand and from pages for the rest. */
  async range(
    header: SessionHeader,
    stored: readonly StoredEvent[],
    from: number,
    to: number,
    signal: AbortSignal | undefined,
  ): Promise<Event[]> {
    const events: Event[] = [];
    const first = stored[0]?.sequence ?? to + 1;
    if (from < first) await this.#pages(header, from, Math.min(to, first - 1), events, signal);
    const next = Math.max(from, first + stored.length);
    const more = next <= to ? this.#page(header, next, to, signal) : undefined;
    for (let index = Math.max(0, from - first); index < stored.length; index++) {
      const { sequence, data } = stored[index] as StoredEvent;
      if (sequence > to) break;
      events.push(decodeEvent(data, sequence));
    }
    if (more) await this.#pages(header, next, to, events, signal, more);
    return events;
  }

  /** A snapshot as a session, with these events. */
  session(
    { header, state, initialState }: Snapshot,
    events: Event[],
    pending: Session["pendingCalls"],
  ): Session {
    const session: Session = {
      id: header.sessionId,
      appName: header.appName,
      userId: header.userId,
      state: state ? decodeState(state) : {},
      events,
      lastUpdateTime: header.lastUpdateTime,
      createTime: header.createTime,
      lastSequence: header.lastSequence,
      firstSequence: events[0]?.sequence ?? header.lastSequence + 1,
      incarnation: header.incarnation,
      pendingCalls: pending,
    };
    if (header.title !== undefined) session.title = header.title;
    if (header.labels && Object.keys(header.labels).length > 0) session.labels = header.labels;
    if (header.forkedFrom) session.forkedFrom = header.forkedFrom;
    if (initialState) session.initialState = decodeValues(initialState);
    return session;
  }

  /** @param first the read of the first page, when it has begun. */
  async #pages(
    header: SessionHeader,
    from: number,
    to: number,
    events: Event[],
    signal: AbortSignal | undefined,
    first: Promise<readonly StoredEvent[]> = this.#page(header, from, to, signal),
  ): Promise<void> {
    let page: Promise<readonly StoredEvent[]> | undefined = first;
    let next = from;
    while (page) {
      const stored = await page;
      next += stored.length;
      page = next <= to ? this.#page(header, next, to, signal) : undefined;
      for (const { sequence, data } of stored) events.push(decodeEvent(data, sequence));
    }
  }

  /** Begins to read some events from `from` on. Whoever decodes others meanwhile may fail, and not hear that this failed. */
  #page(
    header: SessionHeader,
    from: number,
    to: number,
    signal: AbortSignal | undefined,
  ): Promise<readonly StoredEvent[]> {
    const page = this.#readPage(header, from, to, signal);
    page.catch(() => {});
    return page;
  }

  async #readPage(
    header: SessionHeader,
    from: number,
    to: number,
    signal: AbortSignal | undefined,
  ): Promise<readonly StoredEvent[]> {
    const { appName, userId, sessionId, incarnation } = header;
    const events = { from, to, limit: Math.min(READ_PAGE, to - from + 1) };
    const page = await this.#store.read({ appName, userId, sessionId, events }, signal);
    if (page?.header.incarnation !== incarnation || page.events.length === 0)
      throw refusalError({ status: "gone" }, header);
    return page.events;
  }
}

/** Of a long list: room for the events of a turn. */
const ROOM: readonly Event[] = Array.from<Event>({ length: 64 });

/**
 * A part of the events, for a session that appends to it. A long list gets room at its end: without, the first append
 * would copy it once more, and these copies are what a turn in a long session costs.
 */
function copyWithRoom(events: readonly Event[], start: number, end: number): Event[] {
  if (events.length <= ROOM.length || start > 0 || end < events.length)
    return events.slice(start, end);
  const copy = events.concat(ROOM);
  copy.length = events.length;
  return copy;
}

/** Whether a window is still what the store holds: a store that went back in time may have other events under its numbers. */
function isPartOf(window: DecodedWindow, { header, events }: Snapshot): boolean {
  const last = window.events.at(-1);
  if (window.incarnation !== header.incarnation) return false;
  if (last?.sequence === undefined) return true;
  if (last.sequence > header.lastSequence) return false;
  const first = events[0]?.sequence;
  const counterpart = first === undefined ? undefined : events[last.sequence - first];
  return counterpart === undefined || counterpart.id === last.id;
}
