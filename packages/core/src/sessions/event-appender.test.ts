import { describe, expect, it } from "vitest";
import type { CreateEventParams } from "../events/event.ts";
import { createEvent } from "../events/event.ts";
import { faultStore, StoreFaults } from "../testing/fault-store.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { BaseSessionService } from "./base-session-service.ts";
import { decorateStore } from "./decorate-store.ts";
import { InMemorySessionStore } from "./in-memory-session-store.ts";
import type { AppendCommand, SessionStore } from "./session-store.ts";
import type { Session } from "./session.ts";

const key = { appName: "app", userId: "user", sessionId: "s" };

interface Bench {
  readonly clock: VirtualClock;
  readonly faults: StoreFaults;
  readonly service: BaseSessionService;
  /** Appends as they reached the store. */
  readonly sent: AppendCommand[];
  readonly session: Session;
}

async function setUp(overrides: Partial<SessionStore> = {}): Promise<Bench> {
  const clock = new VirtualClock();
  const faults = new StoreFaults();
  const inner = new InMemorySessionStore({ clock });
  const sent: AppendCommand[] = [];
  const store = decorateStore(inner, {
    append: async (command) => {
      sent.push(command);
      return await inner.append(command);
    },
    ...overrides,
  });
  const service = new BaseSessionService(faultStore(store, { faults, clock }), { clock });
  const session = await service.createSession(key);
  return { clock, faults, service, sent, session };
}

const asks: CreateEventParams = {
  author: "clerk",
  invocationId: "e-1",
  content: { role: "model", parts: [{ functionCall: { id: "c", name: "ask" } }] },
  longRunningToolIds: ["c"],
};
const answers: CreateEventParams = {
  author: "user",
  invocationId: "e-1",
  content: { role: "user", parts: [{ functionResponse: { id: "c", name: "ask" } }] },
};

describe("appendEvent", () => {
  it("stores what the event was at the call, whatever the caller does to it afterwards", async () => {
    const { service, session } = await setUp();
    const list = [1];
    const event = createEvent({ author: "first", actions: { stateDelta: { list } } });
    const appended = service.appendEvent({ session, event });
    event.author = "second";
    list.push(2);
    expect((await appended).author).toBe("first");
    expect(session.state).toEqual({ list: [1] });
    expect((await service.getSession(key))?.state).toEqual({ list: [1] });
    expect(Object.isFrozen(event)).toBe(false);
  });

  it("sends the appends of one session object one after the other, in the order of the calls", async () => {
    const { clock, faults, service, sent, session } = await setUp();
    faults.delay("append", 100);
    const events = Array.from({ length: 20 }, (_, n) => createEvent({ id: `${n}` }));
    const all = Promise.all(events.map((event) => service.appendEvent({ session, event })));
    await clock.advance(100);
    expect((await all).map(({ sequence }) => sequence)).toEqual(events.map((_, n) => n + 1));
    expect(sent.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    expect(session.events.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
  });

  it("goes on with the next one when one is refused", async () => {
    const { service, session } = await setUp();
    const results = await Promise.allSettled([
      service.appendEvent({ session, event: createEvent({ id: "a" }), expectedLastSequence: 7 }),
      service.appendEvent({ session, event: createEvent({ id: "b" }), expectedLastSequence: 0 }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
    expect(session.events.map(({ id }) => id)).toEqual(["b"]);
  });

  it("leaves the session object alone when the store refuses", async () => {
    const { service, session } = await setUp();
    const before = structuredClone(session);
    const event = createEvent({ actions: { stateDelta: { a: 1, "temp:b": 1 } } });
    await expect(
      service.appendEvent({ session, event, expectedLastSequence: 7 }),
    ).rejects.toMatchObject({ code: "SESSION_CONFLICT", details: { found: 0, expected: 7 } });
    expect(session).toEqual(before);
  });

  it("fetches what others appended and folds it in, in order", async () => {
    const { service, session } = await setUp();
    const other = (await service.getSession(key)) as Session;
    for (let n = 0; n < 3; n++)
      await service.appendEvent({
        session: other,
        event: createEvent({ actions: { stateDelta: { n, [`k${n}`]: n } } }),
      });
    const event = createEvent({ actions: { stateDelta: { n: "mine" } }, stateRemoved: ["k0"] });
    expect((await service.appendEvent({ session, event })).sequence).toBe(4);
    expect(session.events.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
    expect(session.state).toEqual({ n: "mine", k1: 1, k2: 2 });
    expect(session).toEqual(await service.getSession(key));
  });

  it("says that the event is stored when what came before it cannot be read, and catches up when repeated", async () => {
    const { clock, faults, service, session } = await setUp();
    const other = (await service.getSession(key)) as Session;
    await service.appendEvent({ session: other, event: createEvent() });
    const event = createEvent();
    faults.refuse("read", 4);
    const failed = service.appendEvent({ session, event }).catch((error: unknown) => error);
    await clock.advance(5_000);
    expect(await failed).toMatchObject({
      code: "UNAVAILABLE",
      retryable: true,
      details: { committed: true },
    });
    expect(session.lastSequence).toBe(0);
    expect((await service.appendEvent({ session, event })).sequence).toBe(2);
    expect(session.events.map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect((await service.getSession(key))?.lastSequence).toBe(2);
  });

  it("applies a repeated event once, and not again to the session object", async () => {
    const { service, session } = await setUp();
    const event = createEvent({ actions: { stateDelta: { count: 1 } } });
    const first = await service.appendEvent({ session, event });
    await service.appendEvent({
      session,
      event: createEvent({ actions: { stateDelta: { count: 2 } } }),
    });
    const again = await service.appendEvent({ session, event });
    expect(again).toEqual(first);
    expect(session.state).toEqual({ count: 2 });
    expect(session.events).toHaveLength(2);
  });

  it("loses nothing of the log through a narrowed session", async () => {
    const { service, session } = await setUp();
    for (let n = 0; n < 5; n++) await service.appendEvent({ session, event: createEvent() });
    const narrow = (await service.getSession({
      ...key,
      config: { numRecentEvents: 1 },
    })) as Session;
    await service.appendEvent({ session: narrow, event: createEvent() });
    expect(narrow.events.map(({ sequence }) => sequence)).toEqual([5, 6]);
    const whole = await service.getSession(key);
    expect(whole?.events.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("finds out that the store went back in time", async () => {
    const { service, session } = await setUp();
    for (let n = 0; n < 3; n++) await service.appendEvent({ session, event: createEvent() });
    session.lastSequence = 9;
    await expect(service.appendEvent({ session, event: createEvent() })).rejects.toMatchObject({
      code: "SESSION_REGRESSED",
      details: { known: 9, found: 4, committed: true },
    });
  });

  it.each([
    [{ status: "fenced", lastSequence: 1 }, "SESSION_REGRESSED"],
    [{ status: "conflict", lastSequence: 0 }, "SESSION_REGRESSED"],
    [{ status: "fenced", lastSequence: 2 }, "SESSION_FENCED"],
    [{ status: "conflict", lastSequence: 3 }, "SESSION_CONFLICT"],
  ] as const)("a store that refuses with %o to who is at 2 is %s", async (refusal, code) => {
    let refuses = false;
    const inner = new InMemorySessionStore();
    const { service, session } = await setUp({
      create: async (command) => await inner.create(command),
      lease: async (command) => await inner.lease(command),
      append: async (command) => (refuses ? refusal : await inner.append(command)),
    });
    const lease = await service.acquireLease({ ...key, owner: "o", ttlMs: 1_000 });
    for (const author of ["a", "b"])
      await service.appendEvent({ session, lease, event: createEvent({ author }) });
    refuses = true;
    await expect(
      service.appendEvent({ session, lease, event: createEvent({ author: "c" }) }),
    ).rejects.toMatchObject({
      code,
      ...(code === "SESSION_REGRESSED" && {
        details: { known: 2, found: refusal.lastSequence, committed: false },
      }),
    });
    expect(session.lastSequence).toBe(2);
    expect(lease.lost.aborted).toBe(refusal.status === "fenced");
  });

  it("hands partial events back as they are, and stores nothing", async () => {
    const { service, sent, session } = await setUp();
    const event = createEvent({ partial: true, actions: { stateDelta: { a: 1 } } });
    expect(await service.appendEvent({ session, event })).toBe(event);
    expect(sent).toEqual([]);
    expect(session.state).toEqual({});
  });

  it("sends nothing when the signal has fired, also while it waits its turn", async () => {
    const { clock, faults, service, sent, session } = await setUp();
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(
      service.appendEvent({ session, event: createEvent(), signal }),
    ).rejects.toMatchObject({ code: "ABORTED", details: { committed: false } });
    const controller = new AbortController();
    faults.delay("append", 100);
    const first = service.appendEvent({ session, event: createEvent() });
    const second = service
      .appendEvent({ session, event: createEvent(), signal: controller.signal })
      .catch((error: unknown) => error);
    controller.abort();
    await clock.advance(100);
    expect(await second).toMatchObject({ code: "ABORTED", details: { committed: false } });
    expect((await first).sequence).toBe(1);
    expect(sent).toHaveLength(1);
  });

  it("keeps the header's waiting calls up to date under a lease, as a difference to what is stored", async () => {
    const { service, sent, session: side } = await setUp();
    const { session, lease } = await service.openSession({ ...key, owner: "test", ttlMs: 15_000 });
    const append = (params: CreateEventParams): Promise<unknown> =>
      service.appendEvent({ session, lease, event: createEvent(params) });
    const waiting = async (): Promise<string[]> =>
      (await service.listSessions({ appName: "app", pending: true })).sessions.flatMap(
        ({ pendingCalls }) => Object.keys(pendingCalls),
      );
    await append({ author: "user", invocationId: "e-1" });
    await append(asks);
    expect(session.pendingCalls).toEqual({ c: { since: 1, agent: "clerk", name: "ask" } });
    expect(await waiting()).toEqual(["c"]);
    await append({});
    expect(sent.map((command) => command.lease?.header)).toEqual([
      {},
      { pendingCalls: '{"c":{"since":1,"agent":"clerk","name":"ask"}}' },
      {},
    ]);
    await service.appendEvent({ session: side, event: createEvent(answers) });
    expect(await waiting()).toEqual(["c"]);
    await append({});
    expect(session.pendingCalls).toEqual({});
    await append({});
    expect(sent.at(-1)?.lease?.header).toEqual({ pendingCalls: null });
    expect(await waiting()).toEqual([]);
    await lease.release();
  });

  it("keeps the calls of two branches that ask at the same time", async () => {
    const { service } = await setUp();
    const { session, lease } = await service.openSession({ ...key, owner: "test", ttlMs: 15_000 });
    const ask = (id: string): Promise<unknown> =>
      service.appendEvent({
        session,
        lease,
        event: createEvent({
          author: "clerk",
          invocationId: "e-1",
          content: { parts: [{ functionCall: { id, name: "ask" } }] },
          longRunningToolIds: [id],
        }),
      });
    await Promise.all([ask("a"), ask("b")]);
    const [listed] = (await service.listSessions({ appName: "app", pending: true })).sessions;
    expect(Object.keys(listed?.pendingCalls ?? {})).toEqual(["a", "b"]);
    await lease.release();
  });

  it("refuses what cannot be an append, before anything is sent", async () => {
    const { service, sent, session } = await setUp();
    const bad = [
      { session, event: createEvent(), expectedLastSequence: -1 },
      { session, event: createEvent(), header: {} },
      { session, event: { ...createEvent(), id: "" } },
      { session: {} as Session, event: createEvent() },
    ];
    for (const request of bad)
      await expect(service.appendEvent(request)).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
      });
    expect(sent).toEqual([]);
  });
});
