import { describe, expect, it } from "vitest";
import { AdkError } from "../errors.ts";
import { createEvent } from "../events/event.ts";
import { BaseSessionService } from "./base-session-service.ts";
import { decorateStore } from "./decorate-store.ts";
import { InMemorySessionStore } from "./in-memory-session-store.ts";
import type { ReadCommand, SessionStore, Snapshot } from "./session-store.ts";
import type { Session } from "./session.ts";

const key = { appName: "app", userId: "user", sessionId: "s" };
const ask = { ...key, owner: "test", ttlMs: 15_000 };

interface Bench {
  readonly store: InMemorySessionStore;
  readonly service: BaseSessionService;
  /** How many events each answer of the store carried. */
  readonly carried: number[];
  append(count: number): Promise<void>;
  open(): Promise<Session>;
}

/** A store that, like one over a network, gives at most the newest 1,000 events of a window. */
async function setUp(maxCachedEvents: number = 20_000): Promise<Bench> {
  const store = new InMemorySessionStore();
  const carried: number[] = [];
  const note = <T extends Snapshot | undefined>(snapshot: T): T => {
    carried.push(snapshot?.events.length ?? 0);
    return snapshot;
  };
  const decorated = decorateStore(store, {
    open: async (command) => {
      const outcome = await store.open(command);
      if (outcome.status !== "ok") return outcome;
      const { grant, snapshot } = outcome;
      return {
        status: "ok",
        grant,
        snapshot: note({ ...snapshot, events: snapshot.events.slice(-1_000) }),
      };
    },
    read: (async (command: { appName: string; userId: string; sessionId: string }) =>
      note(await store.read(command))) as SessionStore["read"],
  });
  const service = new BaseSessionService(decorated, { maxCachedEvents });
  const session = await service.createSession(key);
  let n = 0;
  const append = async (count: number): Promise<void> => {
    for (let end = n + count; n < end; n++)
      await service.appendEvent({ session, event: createEvent({ id: `e${n + 1}` }) });
  };
  const open = async (): Promise<Session> => {
    carried.length = 0;
    const opened = await service.openSession(ask);
    await opened.lease.release();
    return opened.session;
  };
  return { store, service, carried, append, open };
}

const sequences = (session: Session | undefined): (number | undefined)[] =>
  session?.events.map(({ sequence }) => sequence) ?? [];
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);

describe("loading a session", () => {
  it("reads what the first answer lacks in pages, once", async () => {
    const { carried, append, open } = await setUp();
    await append(2_500);
    expect(sequences(await open())).toEqual(upTo(2_500));
    expect(carried).toEqual([1_000, 1_000, 500]);
    await append(3);
    expect(sequences(await open())).toEqual(upTo(2_503));
    expect(carried).toEqual([1_000]);
  });

  it("shares decoded events between turns, and no list", async () => {
    const { append, open } = await setUp();
    await append(3);
    const [first, second] = [await open(), await open()];
    expect(second.events[0]).toBe(first.events[0]);
    first.events.length = 0;
    expect(sequences(await open())).toEqual([1, 2, 3]);
  });

  it("asks for what is new only", async () => {
    const { service, carried, append } = await setUp();
    await append(1_200);
    expect(sequences(await service.getSession(key))).toEqual(upTo(1_200));
    carried.length = 0;
    await append(2);
    expect(sequences(await service.getSession(key))).toEqual(upTo(1_202));
    expect(carried).toEqual([3]);
  });

  it("reads the next page while it decodes one, and tells the first failure alone", async () => {
    const { store, append } = await setUp();
    await append(2_200);
    const asked: unknown[] = [];
    const broken = decorateStore(store, {
      read: (async (command: ReadCommand) => {
        const { from } = command.events ?? {};
        asked.push(from);
        if (Number(from) > 1_001)
          throw new AdkError("UNAVAILABLE", "The second page is not there.");
        const snapshot = await store.read(command);
        const events = snapshot?.events.map((event) => ({
          ...event,
          ...(event.sequence === 1_500 && { data: "{}" }),
        }));
        return snapshot && { ...snapshot, events };
      }) as SessionStore["read"],
    });
    const service = new BaseSessionService(broken, { maxTries: 1 });
    await expect(service.getSession(key)).rejects.toMatchObject({ code: "SCHEMA_MISMATCH" });
    expect(asked).toEqual([1, 1_001, 2_001]);
    // The other failure has nobody to hear it, and ends nothing.
    await new Promise((resolve) => setTimeout(resolve));
  });

  it("works the same without keeping anything", async () => {
    const { service, append, open } = await setUp(0);
    await append(1_500);
    expect(sequences(await open())).toEqual(upTo(1_500));
    expect(sequences(await service.getSession(key))).toEqual(upTo(1_500));
  });

  it("does not give the events of an earlier life, or of a store that went back in time", async () => {
    const { store, service, append, open } = await setUp();
    await append(3);
    await open();
    const header = (await store.read(key))?.header;
    await store.erase({ ...key, incarnation: header?.incarnation ?? "" });
    await store.create({ ...key, incarnation: "second life", initialState: {} });
    expect(sequences(await open())).toEqual([]);

    const session = (await service.getSession(key)) as Session;
    for (const id of ["x", "y"]) await service.appendEvent({ session, event: createEvent({ id }) });
    await open();
    await store.erase({ ...key, incarnation: "second life" });
    await store.create({ ...key, incarnation: "second life", initialState: {} });
    for (const id of ["x", "z"])
      await store.append({
        ...key,
        incarnation: "second life",
        id,
        timestamp: 1,
        data: `{"v":1,"event":{"id":"${id}"}}`,
      });
    expect((await open()).events.map(({ id }) => id)).toEqual(["x", "z"]);
    expect((await service.getSession(key))?.events.map(({ id }) => id)).toEqual(["x", "z"]);
  });

  it("loads from the window's start when a run opens it, and what the header keeps", async () => {
    const { service, append } = await setUp();
    await append(5);
    const first = await service.openSession(ask);
    const [oldest] = first.session.events;
    await service.appendEvent({
      session: first.session,
      lease: first.lease,
      event: createEvent(),
      header: { windowFrom: 4, kept: oldest ? [oldest] : [] },
    });
    await first.lease.release();
    const { session, lease, kept } = await service.openSession(ask);
    expect(sequences(session)).toEqual([4, 5, 6]);
    expect(session.firstSequence).toBe(4);
    expect(kept).toEqual([oldest]);
    expect(sequences(await service.getSession(key))).toEqual(upTo(6));
    await lease.release();
  });

  it("opens in two steps where the store cannot in one", async () => {
    const inner: Partial<SessionStore> = decorateStore(new InMemorySessionStore(), {});
    delete inner.open;
    const service = new BaseSessionService(inner as SessionStore);
    const session = await service.createSession({ ...key, state: { a: 1 } });
    await service.appendEvent({ session, event: createEvent() });
    const opened = await service.openSession(ask);
    expect(opened.session.state).toEqual({ a: 1 });
    expect(sequences(opened.session)).toEqual([1]);
    await expect(service.openSession(ask)).rejects.toMatchObject({ code: "SESSION_BUSY" });
    await opened.lease.release();
  });

  it("gives the lease back when what is stored cannot be read", async () => {
    const store = new InMemorySessionStore();
    const service = new BaseSessionService(store);
    await store.create({ ...key, incarnation: "i", initialState: {} });
    await store.append({ ...key, incarnation: "i", id: "e", timestamp: 1, data: "ciphertext" });
    await expect(service.openSession(ask)).rejects.toMatchObject({ code: "SCHEMA_MISMATCH" });
    await (await service.acquireLease(ask)).release();
  });
});

describe("getSession", () => {
  it("filters by time, then by sequence, then by number", async () => {
    const { service } = await setUp();
    const session = (await service.getSession(key)) as Session;
    for (const timestamp of [50, 10, 40, 20, 30])
      await service.appendEvent({ session, event: createEvent({ timestamp }) });
    const get = async (config: object): Promise<(number | undefined)[]> =>
      sequences(await service.getSession({ ...key, config }));
    expect(await get({ afterTimestamp: 30 })).toEqual([1, 3, 5]);
    expect(await get({ afterTimestamp: 0 })).toEqual([1, 2, 3, 4, 5]);
    expect(await get({ afterTimestamp: 30, afterSequence: 1 })).toEqual([3, 5]);
    expect(await get({ afterTimestamp: 30, afterSequence: 1, numRecentEvents: 1 })).toEqual([5]);
    expect(await get({ afterTimestamp: 30, numRecentEvents: 0 })).toEqual([]);
    expect(await get({ numRecentEvents: 2 })).toEqual([4, 5]);
    expect(await get({ numRecentEvents: 9, afterSequence: 3 })).toEqual([4, 5]);
    expect(await get({ afterSequence: 9 })).toEqual([]);
    expect(
      (await service.getSession({ ...key, config: { numRecentEvents: 0 } }))?.firstSequence,
    ).toBe(6);
  });
});
