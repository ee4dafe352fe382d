import { AdkError } from "../../../src/errors.ts";
import type {
  ReadCommand,
  ReadScope,
  SessionKey,
  SessionStore,
  StoredEvent,
} from "../../../src/sessions/session-store.ts";
import { brokenStore, keyOf, nameOf, reading, type BrokenSessions } from "./broken.ts";

/** Stores whose append or log differs in one thing. */
export const brokenAppends: readonly BrokenSessions[] = [
  brokenStore(
    "orders events by their clock",
    (store) => {
      const times = new Map<string, number>();
      return {
        async append(command) {
          times.set(nameOf(command) + command.id, command.timestamp);
          return await store.append(command);
        },
        ...reading(store, async (snapshot, command) => {
          if (!command.events) return snapshot;
          const whole = await store.read({ ...keyOf(command), events: {} });
          const time = ({ id }: StoredEvent): number => times.get(nameOf(command) + id) ?? 0;
          const sorted = (whole?.events ?? [])
            .toSorted((left, right) => time(left) - time(right))
            .map((event, index) => ({ ...event, sequence: index + 1 }));
          const events = snapshot.events.map(({ sequence }) => sorted[sequence - 1]!);
          return { ...snapshot, events };
        }),
      };
    },
    ["append-backward-timestamps-keep-order", "get-after-timestamp", "get-filters-together"],
  ),
  brokenStore(
    "breaks ties of the clock by the events' ids",
    (store) => {
      const times = new Map<string, number>();
      return {
        async append(command) {
          times.set(nameOf(command) + command.id, command.timestamp);
          return await store.append(command);
        },
        ...reading(store, async (snapshot, command) => {
          if (!command.events) return snapshot;
          const whole = (await store.read({ ...keyOf(command), events: {} }))?.events ?? [];
          const time = ({ id }: StoredEvent): number => times.get(nameOf(command) + id) ?? 0;
          const isTie = whole.length > 100 && new Set(whole.map(time)).size === 1;
          const sorted = isTie ? whole.toSorted((a, b) => (a.id < b.id ? -1 : 1)) : whole;
          const events = snapshot.events.map(({ sequence }) => ({
            ...sorted[sequence - 1]!,
            sequence,
          }));
          return { ...snapshot, events };
        }),
      };
    },
    ["append-equal-timestamps-keep-order", "append-race-merges"],
  ),
  brokenStore(
    "stores a duplicate again",
    (store) => ({
      async append(command) {
        const outcome = await store.append(command);
        if (outcome.status !== "ok" || !outcome.duplicate) return outcome;
        return await store.append({ ...command, id: `${command.id}#${outcome.sequence}` });
      },
    }),
    [
      "append-duplicate-once",
      "append-duplicate-race",
      "append-duplicate-wins-over-conflict",
      "append-extends-lease",
      "append-late-duplicate",
      "append-order-of-checks",
      "fork-own-future",
      "lost-reply-append",
      "lost-reply-append-expected",
    ],
  ),
  brokenStore(
    "applies the shared state of a duplicate again",
    (store) => ({
      async append(command) {
        const outcome = await store.append(command);
        if (outcome.status !== "ok" || !outcome.duplicate || !command.delta) return outcome;
        const { session: _own, ...shared } = command.delta;
        const life = { ...keyOf(command), sessionId: "throw-away", incarnation: "throw-away" };
        await store.create({ ...life, initialState: {}, shared });
        await store.erase(life);
        return outcome;
      },
    }),
    ["append-duplicate-once"],
  ),
  brokenStore(
    "takes another event under a stored id for a duplicate",
    (store) => ({
      async append(command) {
        const outcome = await store.append(command);
        if (outcome.status !== "id-conflict") return outcome;
        const snapshot = await store.read({ ...keyOf(command), events: {} });
        const { sequence = 0 } = snapshot?.events.find(({ id }) => id === command.id) ?? {};
        const lastUpdateTime = snapshot?.header.lastUpdateTime ?? 0;
        return { status: "ok", sequence, lastUpdateTime, duplicate: true, cancelRequested: false };
      },
    }),
    ["append-id-conflict", "append-order-of-checks", "append-refusal-tells-last-sequence"],
  ),
  brokenStore(
    "ignores the expected sequence",
    (store) => ({
      async append({ expectedLastSequence: _ignored, ...command }) {
        return await store.append(command);
      },
    }),
    [
      "append-expected-race",
      "append-expected-sequence",
      "append-failed-queue-goes-on",
      "append-order-of-checks",
      "append-refusal-tells-last-sequence",
    ],
  ),
  brokenStore(
    "checks the expected sequence before it looks for a duplicate",
    (store) => ({
      async append(command) {
        const { expectedLastSequence } = command;
        const lastSequence = (await store.read(keyOf(command)))?.header.lastSequence;
        if (
          expectedLastSequence !== undefined &&
          lastSequence !== undefined &&
          expectedLastSequence !== lastSequence
        )
          return { status: "conflict", lastSequence };
        return await store.append(command);
      },
    }),
    ["append-duplicate-wins-over-conflict", "append-order-of-checks", "lost-reply-append-expected"],
  ),
  brokenStore(
    "reads, waits, then appends what expected a sequence",
    (store) => ({
      async append(command) {
        const { expectedLastSequence, ...unconditional } = command;
        const lastSequence = (await store.read(keyOf(command)))?.header.lastSequence;
        if (expectedLastSequence === undefined || expectedLastSequence !== lastSequence)
          return await store.append(command);
        await Promise.resolve();
        return await store.append(unconditional);
      },
    }),
    ["append-expected-race"],
  ),
  brokenStore(
    "lets an old life's handle write to the next life",
    (store) => ({
      async append(command) {
        const outcome = await store.append(command);
        if (outcome.status !== "gone") return outcome;
        const incarnation = (await store.read(keyOf(command)))?.header.incarnation;
        return incarnation === undefined
          ? outcome
          : await store.append({ ...command, incarnation });
      },
    }),
    ["append-old-life", "append-order-of-checks"],
  ),
  brokenStore(
    "raises a deleted session when something is appended",
    (store) => ({
      async append(command) {
        const outcome = await store.append(command);
        if (outcome.status !== "gone" || (await store.read(keyOf(command)))) return outcome;
        const { incarnation } = command;
        await store.create({ ...keyOf(command), incarnation, initialState: {} });
        return await store.append(command);
      },
    }),
    ["append-after-delete", "append-order-of-checks", "delete-user", "retention-expires"],
  ),
  brokenStore(
    "brings the events of a deleted session back with the next of its id",
    (store) => {
      const graves = new Map<string, StoredEvent[]>();
      return {
        async erase(command) {
          if (command.sessionId !== undefined) {
            const old = await store.read({ ...keyOf(command), events: {} });
            if (old) graves.set(nameOf(command), old.events);
          }
          await store.erase(command);
        },
        async create(command) {
          const outcome = await store.create(command);
          if (outcome.status === "ok")
            for (const { id, data } of graves.get(nameOf(command)) ?? [])
              await store.append({
                ...keyOf(command),
                incarnation: command.incarnation,
                id,
                timestamp: 0,
                data,
              });
          graves.delete(nameOf(command));
          return outcome;
        },
      };
    },
    ["delete-removes-events-and-state", "open-again-after-others-wrote", "subscribe-deleted"],
  ),
  brokenStore(
    "takes the event's clock for the time of the last update",
    (store) => {
      const times = new Map<string, number>();
      return {
        async append(command) {
          const outcome = await store.append(command);
          if (outcome.status !== "ok") return outcome;
          times.set(command.incarnation, command.timestamp);
          return { ...outcome, lastUpdateTime: command.timestamp };
        },
        ...reading(store, (snapshot) => {
          const { incarnation, lastUpdateTime } = snapshot.header;
          const time = times.get(incarnation) ?? lastUpdateTime;
          return { ...snapshot, header: { ...snapshot.header, lastUpdateTime: time } };
        }),
      };
    },
    ["append-update-time-is-the-stores", "list-without-events-and-state"],
  ),
  brokenStore(
    "loses an event when two are appended at once",
    (store) => {
      const running = new Set<string>();
      return {
        async append(command) {
          const isAlone = !running.has(command.incarnation);
          running.add(command.incarnation);
          await Promise.resolve();
          running.delete(command.incarnation);
          if (isAlone) return await store.append(command);
          const snapshot = await store.read({
            ...keyOf(command),
            events: { limit: 1, descending: true },
          });
          if (!snapshot?.events[0]) return await store.append(command);
          const { lastUpdateTime, lastSequence: sequence } = snapshot.header;
          return {
            status: "ok",
            sequence,
            lastUpdateTime,
            duplicate: true,
            cancelRequested: false,
          };
        },
      };
    },
    [
      "append-expected-race",
      "append-race-merges",
      "read-snapshots-consistent",
      "subscribe-across-services",
    ],
  ),
  brokenStore(
    "ignores the lower bound of a read",
    (store) => {
      const read = async (command: Parameters<SessionStore["read"]>[0]): Promise<unknown> => {
        if (command.sessionId === undefined) return await store.read(command as ReadScope);
        const { events, ...rest } = command as ReadCommand;
        const { from: _ignored, ...others } = events ?? {};
        return await store.read(events ? { ...rest, events: others } : rest);
      };
      // The two overloads of `read`, told apart above.
      return { read: read as SessionStore["read"] };
    },
    [
      "events-pages",
      "events-walk",
      "store-read-parts",
      "subscribe-across-services",
      "subscribe-from-middle",
      "subscribe-from-now",
      "subscribe-from-start",
      "subscribe-many",
      "subscribe-slow-consumer",
    ],
  ),
  brokenStore(
    "gives events upward when they were asked for downward",
    (store) =>
      reading(store, (snapshot, command) =>
        command.events?.descending
          ? { ...snapshot, events: snapshot.events.toReversed() }
          : snapshot,
      ),
    [
      "append-backward-timestamps-keep-order",
      "append-equal-timestamps-keep-order",
      "events-pages",
      "events-walk",
      "get-recent-events",
      "store-read-parts",
    ],
  ),
  storedForm(
    "drops what it does not know from an event",
    (event) => {
      delete event["unknownMember"];
      return event;
    },
    ["append-keeps-all-members"],
  ),
  brokenStore(
    "drops NUL characters from an event",
    (store) => ({
      async append(command) {
        return await store.append({ ...command, data: command.data.replaceAll("\\u0000", "") });
      },
    }),
    ["values-text"],
  ),
  storedForm("sorts the keys inside an event", sorted, [
    "values-key-order",
    "values-prototype-names",
  ]),
  storedForm("keeps numbers in single precision", rounded, ["values-numbers"]),
  brokenStore(
    "takes no event without content",
    (store) => ({
      async append(command) {
        if (command.data.startsWith("{") && !command.data.includes('"content"'))
          throw new AdkError("UNAVAILABLE", "null value in column content", { retryable: false });
        return await store.append(command);
      },
    }),
    ["append-minimal-event"],
  ),
  brokenStore(
    "takes no event over 1 MB",
    (store) => ({
      async append(command) {
        if (command.data.length > 1_000_000)
          throw new AdkError("UNAVAILABLE", "Packet too large.", { retryable: false });
        return await store.append(command);
      },
    }),
    ["values-10-mb", "values-inline-data"],
  ),
  brokenStore(
    "does not tell apart ids that differ in case",
    (store) => mapKeys(store, (key) => ({ ...key, sessionId: key.sessionId.toLowerCase() })),
    ["ids-bytewise", "ids-hostile", "list-hides-neighbours"],
  ),
  brokenStore(
    "composes the characters of ids",
    (store) => mapKeys(store, (key) => ({ ...key, sessionId: key.sessionId.normalize("NFC") })),
    ["ids-bytewise", "ids-hostile"],
  ),
  brokenStore(
    "joins app and user with a colon",
    (store) =>
      mapKeys(store, (key) => {
        const joined = `${key.appName}:${key.userId}`;
        const colon = joined.indexOf(":");
        return { ...key, appName: joined.slice(0, colon), userId: joined.slice(colon + 1) };
      }),
    ["ids-hostile-scopes", "list-hides-neighbours"],
  ),
  brokenStore(
    "finds a session under any user of its app",
    (store) => {
      const owners = new Map<string, string>();
      const read = async (command: Parameters<SessionStore["read"]>[0]): Promise<unknown> => {
        if (command.sessionId === undefined) return await store.read(command as ReadScope);
        const found = await store.read(command as ReadCommand);
        const userId = owners.get(command.appName + command.sessionId);
        if (found || userId === undefined) return found;
        return await store.read({ ...(command as ReadCommand), userId });
      };
      return {
        async create(command) {
          owners.set(command.appName + command.sessionId, command.userId);
          return await store.create(command);
        },
        // The two overloads of `read`, told apart above.
        read: read as SessionStore["read"],
      };
    },
    ["delete-user", "get-unknown-undefined"],
  ),
];

/** Every command, with the key of its session changed. */
function mapKeys(store: SessionStore, map: (key: SessionKey) => SessionKey): Partial<SessionStore> {
  const read = async (command: Parameters<SessionStore["read"]>[0]): Promise<unknown> =>
    command.sessionId === undefined
      ? await store.read(command as ReadScope)
      : await store.read({ ...(command as ReadCommand), ...map(command as ReadCommand) });
  return {
    create: async (command) => await store.create({ ...command, ...map(command) }),
    // The two overloads of `read`, told apart above.
    read: read as SessionStore["read"],
    append: async (command) => await store.append({ ...command, ...map(command) }),
    update: async (command) => await store.update({ ...command, ...map(command) }),
    lease: async (command) => await store.lease({ ...command, ...map(command) }),
    open: async (command) => await store.open!({ ...command, ...map(command) }),
    erase: async (command) =>
      await store.erase(
        command.sessionId === undefined ? command : { ...command, ...map(command) },
      ),
  };
}

/** Changes the stored form of events that core wrote. */
function storedForm(
  name: string,
  change: (event: Record<string, unknown>) => unknown,
  fails: readonly string[],
): BrokenSessions {
  return brokenStore(
    name,
    (store) => ({
      async append(command) {
        if (!command.data.startsWith("{")) return await store.append(command);
        const stored = JSON.parse(command.data) as { event: Record<string, unknown> };
        const data = JSON.stringify({ ...stored, event: change(stored.event) });
        return await store.append({ ...command, data });
      },
    }),
    fails,
  );
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
}

function rounded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value === "number" && !Number.isInteger(value)) return Math.fround(value);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, rounded(member)]));
}
