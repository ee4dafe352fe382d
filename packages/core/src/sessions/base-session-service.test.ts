import { describe, expect, it } from "vitest";
import { createEvent } from "../events/event.ts";
import { faultStore, StoreFaults } from "../testing/fault-store.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { BaseSessionService } from "./base-session-service.ts";
import { InMemorySessionStore } from "./in-memory-session-store.ts";
import { decorateStore } from "./decorate-store.ts";
import type { SessionStore } from "./session-store.ts";

const user = { appName: "app", userId: "user" };
const key = { ...user, sessionId: "s" };

function over(store: SessionStore = new InMemorySessionStore()): BaseSessionService {
  return new BaseSessionService(store, { clock: new VirtualClock() });
}

describe("BaseSessionService", () => {
  it("lets one of many callers create a session; getOrCreateSession gives all the same", async () => {
    const service = over();
    const created = await Promise.allSettled(
      Array.from({ length: 20 }, () => service.createSession(key)),
    );
    expect(created.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const got = await Promise.all(
      Array.from({ length: 20 }, () => service.getOrCreateSession({ ...user, sessionId: "t" })),
    );
    expect(new Set(got.map(({ incarnation }) => incarnation)).size).toBe(1);
    await expect(service.createSession(key)).rejects.toMatchObject({
      code: "SESSION_ALREADY_EXISTS",
    });
  });

  it("succeeds with a create whose answer was lost", async () => {
    const clock = new VirtualClock();
    const faults = new StoreFaults();
    const store = faultStore(new InMemorySessionStore({ clock }), { faults, clock });
    const service = new BaseSessionService(store, { clock });
    faults.loseReply("create");
    const created = service.createSession(key);
    await clock.advance(1_000);
    expect((await created).id).toBe("s");
  });

  it("pages through events in either direction, to the last one and not further", async () => {
    const service = over();
    const session = await service.createSession(key);
    for (let n = 0; n < 7; n++) await service.appendEvent({ session, event: createEvent() });
    const walk = async (request: object): Promise<(number | undefined)[][]> => {
      const pages: (number | undefined)[][] = [];
      let pageToken: string | undefined;
      do {
        const page = await service.listEvents({ ...key, pageSize: 3, pageToken, ...request });
        expect(page.lastSequence).toBe(7);
        pages.push(page.events.map(({ sequence }) => sequence));
        pageToken = page.nextPageToken;
      } while (pageToken !== undefined);
      return pages;
    };
    expect(await walk({})).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
    expect(await walk({ order: "descending" })).toEqual([[7, 6, 5], [4, 3, 2], [1]]);
    expect(await walk({ afterSequence: 1, beforeSequence: 5 })).toEqual([[2, 3, 4]]);
    expect(await walk({ order: "descending", afterSequence: 4 })).toEqual([[7, 6, 5]]);
    expect(await walk({ beforeSequence: 1 })).toEqual([[]]);
    expect(await walk({ beforeSequence: 0, order: "descending" })).toEqual([[]]);
    await expect(service.listEvents({ ...key, sessionId: "x" })).rejects.toMatchObject({
      code: "SESSION_NOT_FOUND",
    });
    const { nextPageToken } = await service.listEvents({ ...key, pageSize: 1 });
    await expect(
      service.listEvents({ ...key, order: "descending", pageToken: nextPageToken }),
    ).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("changes title and labels and nothing else", async () => {
    const service = over();
    await service.createSession({
      ...key,
      title: "old",
      labels: { a: "1", b: "2" },
      state: { x: 1 },
    });
    const updated = await service.updateSession({
      ...key,
      title: null,
      labels: { a: null, c: "3" },
    });
    expect(updated.title).toBeUndefined();
    expect(updated.labels).toEqual({ b: "2", c: "3" });
    expect(await service.getSession(key)).toMatchObject({
      labels: { b: "2", c: "3" },
      state: { x: 1 },
    });
    expect((await service.listSessions({ ...user, labels: { c: "3" } })).sessions).toHaveLength(1);
    expect((await service.listSessions({ ...user, labels: { a: "1" } })).sessions).toHaveLength(0);
  });

  it("says what a store cannot do", async () => {
    const bare: Partial<SessionStore> = decorateStore(new InMemorySessionStore(), {});
    for (const name of ["purge", "migrate", "check", "flush"] as const) delete bare[name];
    const service = over(bare as SessionStore);
    for (const call of ["purgeExpired", "migrate", "check", "flush"] as const)
      await expect(service[call]()).rejects.toMatchObject({ code: "UNSUPPORTED" });
    const able = over();
    expect(await able.check()).toEqual({ problems: [] });
    await able.migrate();
    await able.flush();
    expect(await able.purgeExpired()).toBe(0);
  });

  it("lets go of sessions after their time, unless they are used", async () => {
    const clock = new VirtualClock();
    const service = new BaseSessionService(new InMemorySessionStore({ clock, ttlMs: 60_000 }), {
      clock,
    });
    await service.createSession(key);
    const used = await service.createSession({ ...user, sessionId: "used" });
    await clock.advance(40_000);
    await service.appendEvent({ session: used, event: createEvent() });
    const { lease } = await service.openSession({ ...key, owner: "test", ttlMs: 30_000 });
    await clock.advance(20_000);
    expect(await service.getSession(key)).toBeDefined();
    await lease.release();
    expect(await service.getSession(key)).toBeUndefined();
    expect((await service.listSessions(user)).sessions.map(({ id }) => id)).toEqual(["used"]);
    expect(await service.purgeExpired({ appName: "app" })).toBe(1);
    await service.createSession(key);
  });

  it("finishes what is under way when it is closed, and refuses what comes later", async () => {
    const clock = new VirtualClock();
    const faults = new StoreFaults();
    const inner = new InMemorySessionStore({ clock });
    const service = new BaseSessionService(faultStore(inner, { faults, clock }), { clock });
    const session = await service.createSession(key);
    faults.delay("append", 1_000);
    const appends = [1, 2].map(() => service.appendEvent({ session, event: createEvent() }));
    const closed = service[Symbol.asyncDispose]();
    const late = await Promise.allSettled([
      service.createSession(user),
      service.getSession(key),
      service.appendEvent({ session, event: createEvent() }),
      service.openSession({ ...key, owner: "o", ttlMs: 1_000 }),
      service.subscribe(key).next(),
    ]);
    for (const result of late)
      expect(result).toMatchObject({ status: "rejected", reason: { code: "CLOSED" } });
    await clock.advance(1_000);
    expect((await Promise.all(appends)).map(({ sequence }) => sequence)).toEqual([1, 2]);
    await closed;
    await service[Symbol.asyncDispose]();
  });

  it("lists runs whose process died, and only those", async () => {
    const clock = new VirtualClock();
    const service = new BaseSessionService(new InMemorySessionStore({ clock }), { clock });
    for (const sessionId of ["dead", "alive", "done", "idle"]) {
      await service.createSession({ ...user, sessionId });
      if (sessionId === "idle") continue;
      const { session, lease } = await service.openSession({
        ...user,
        sessionId,
        owner: "o",
        ttlMs: 5_000,
      });
      await service.appendEvent({
        session,
        lease,
        event: createEvent(),
        header: { invocationId: `e-${sessionId}` },
      });
      if (sessionId === "dead") lease.keepAlive(false);
      if (sessionId === "done") await lease.release({ ended: "e-done" });
    }
    await clock.advance(6_000);
    expect((await service.listInterrupted({ appName: "app" })).sessions).toEqual([
      { ...user, sessionId: "dead", invocationId: "e-dead", lastSequence: 1, attempt: 1 },
    ]);
    await service[Symbol.asyncDispose]();
    await clock.advance(1_000);
    expect(clock.pendingTimers).toBe(0);
  });

  it("gives back a lease whose grant got lost with a cancelled call", async () => {
    const clock = new VirtualClock();
    const faults = new StoreFaults();
    const store = faultStore(new InMemorySessionStore({ clock }), { faults, clock });
    const service = new BaseSessionService(store, { clock });
    await service.createSession(key);
    faults.loseReply("open", 1);
    const controller = new AbortController();
    const ask = { ...key, owner: "o", ttlMs: 60_000 };
    const opened = service
      .openSession({ ...ask, signal: controller.signal })
      .catch((error: unknown) => error);
    await clock.advance(1);
    controller.abort();
    expect(await opened).toMatchObject({ code: "ABORTED", details: { committed: "unknown" } });
    await clock.advance(1);
    await (await service.acquireLease(ask)).release();
  });

  it.each<[string, object]>([
    ["listSessions", { appName: "app", pageSize: 0 }],
    ["listSessions", { appName: "app", pageSize: 1_001 }],
    ["listSessions", { appName: "app", orderBy: "lastUpdateTime" }],
    ["listSessions", { appName: "app", orderBy: "size" }],
    ["listSessions", { appName: "app", pageToken: "x" }],
    ["listSessions", { appName: "app", pageToken: 7 }],
    ["listEvents", { ...key, order: "up" }],
    ["getSession", { ...key, config: { numRecentEvents: -1 } }],
    ["getSession", { ...key, config: { numRecentEvents: Number.NaN } }],
    ["getSession", { ...key, config: { afterTimestamp: Number.NaN } }],
    ["openSession", { ...key, owner: "", ttlMs: 1_000 }],
    ["openSession", { ...key, owner: "o", ttlMs: 99 }],
    ["acquireLease", { ...key, owner: "o" }],
    ["acquireLease", { ...key, owner: "o", ttlMs: 1_000, waitMs: -1 }],
    ["requestCancel", { ...key, invocationId: "" }],
    ["purgeExpired", { limit: 0 }],
    ["createSession", { ...user, state: [] }],
    ["createSession", { ...user, title: 7 }],
  ])("refuses %s(%j)", async (method, request) => {
    const service = over();
    await service.createSession(key);
    const call = service[method as "getSession"](request as typeof key);
    await expect(call).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
