import { describe, expect, it } from "vitest";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { InMemorySessionStore } from "./in-memory-session-store.ts";
import type { AppendCommand, Wake } from "./session-store.ts";

const key = { appName: "a", userId: "u", sessionId: "s" };
const create = { ...key, incarnation: "i", initialState: { born: "1" } };
const event: AppendCommand = { ...key, incarnation: "i", id: "e", timestamp: 1, data: "d" };
const acquire = { ...key, op: "acquire", leaseId: "l", owner: "o", ttlMs: 1_000 } as const;

describe("InMemorySessionStore.append", () => {
  it("checks in the order of the contract: duplicate, incarnation, id, lease, sequence", async () => {
    const store = new InMemorySessionStore();
    expect(await store.append(event)).toEqual({ status: "gone" });
    await store.create(create);
    const lease = { leaseId: "none", ttlMs: 1_000, header: {} };
    const expectedLastSequence = 7;
    expect(await store.append({ ...event, incarnation: "x", lease })).toEqual({ status: "gone" });
    expect(await store.append({ ...event, lease, expectedLastSequence })).toMatchObject({
      status: "fenced",
    });
    expect(await store.append({ ...event, expectedLastSequence })).toMatchObject({
      status: "conflict",
      lastSequence: 0,
    });
    expect(await store.append(event)).toMatchObject({
      status: "ok",
      sequence: 1,
      duplicate: false,
    });
    expect(await store.append({ ...event, data: "x", lease, expectedLastSequence })).toMatchObject({
      status: "id-conflict",
      lastSequence: 1,
    });
    expect(await store.append({ ...event, lease, expectedLastSequence })).toMatchObject({
      status: "ok",
      sequence: 1,
      duplicate: true,
    });
  });

  it("writes nothing when it refuses and extends nothing on a duplicate", async () => {
    const clock = new VirtualClock();
    const store = new InMemorySessionStore({ clock });
    await store.create(create);
    await store.lease(acquire);
    const delta = { session: { set: { a: "1" }, remove: [] } };
    const lease = { leaseId: "l", ttlMs: 1_000, header: { invocationId: "e-1" } };
    await store.append({ ...event, id: "x", delta, lease, expectedLastSequence: 5 });
    expect((await store.read({ ...key, state: true }))?.state?.session).toEqual({ born: "1" });
    await store.append({ ...event, lease });
    await clock.advance(900);
    await store.append({ ...event, lease });
    await clock.advance(200);
    expect((await store.read(key))?.header.leaseExpiresInMs).toBeUndefined();
    expect((await store.read(key))?.header.invocationId).toBe("e-1");
  });

  it("keeps keys of any name in their scopes", async () => {
    const store = new InMemorySessionStore();
    await store.create(create);
    const set = JSON.parse('{"__proto__":"1","constructor":"2"}') as Record<string, string>;
    const scope = { set, remove: ["born"] };
    await store.append({ ...event, delta: { app: scope, user: scope, session: scope } });
    const state = (await store.read({ ...key, state: true }))?.state;
    for (const values of [state?.app, state?.user, state?.session])
      expect(Object.entries(values ?? {})).toEqual([
        ["__proto__", "1"],
        ["constructor", "2"],
      ]);
    expect(Object.keys(await store.read({ appName: "a", userId: "u" }))).toHaveLength(2);
    expect(Object.keys(await store.read({ appName: "a", userId: "other" }))).toHaveLength(0);
    expect(Object.keys(await store.read({ appName: "b" }))).toHaveLength(0);
  });
});

describe("InMemorySessionStore.read", () => {
  it("selects events by sequence, limit and direction", async () => {
    const store = new InMemorySessionStore();
    await store.create(create);
    for (let n = 1; n <= 5; n++) await store.append({ ...event, id: `${n}` });
    const read = async (events: object): Promise<number[] | undefined> =>
      (await store.read({ ...key, events }))?.events.map(({ sequence }) => sequence);
    expect(await read({})).toEqual([1, 2, 3, 4, 5]);
    expect(await read({ from: 2, to: 4 })).toEqual([2, 3, 4]);
    expect(await read({ from: 2, limit: 2 })).toEqual([2, 3]);
    expect(await read({ descending: true, limit: 2 })).toEqual([5, 4]);
    expect(await read({ descending: true, from: 2, to: 3 })).toEqual([3, 2]);
    expect(await read({ from: 9 })).toEqual([]);
    expect(await read({ from: 4, to: 3 })).toEqual([]);
    expect(await read({ to: 0, descending: true })).toEqual([]);
  });

  it("hands out nothing that it keeps", async () => {
    const store = new InMemorySessionStore();
    const command = { ...create, labels: { a: "1" }, initialState: { x: "1" } };
    await store.create(command);
    command.labels.a = "changed";
    command.initialState.x = "changed";
    await store.append(event);
    const wanted = { ...key, state: true, initialState: true, events: {} };
    const snapshot = await store.read(wanted);
    const before = structuredClone(snapshot);
    if (snapshot?.state) snapshot.state.session["x"] = "changed";
    if (snapshot?.initialState) snapshot.initialState["x"] = "changed";
    if (snapshot?.header.labels) snapshot.header.labels["a"] = "changed";
    snapshot?.events.pop();
    expect(await store.read(wanted)).toEqual(before);
    expect(before?.header.labels).toEqual({ a: "1" });
    expect(Object.isFrozen((await store.read(wanted))?.events[0])).toBe(true);
  });
});

describe("InMemorySessionStore.lease", () => {
  it("grants under one id once, and nothing to a late copy", async () => {
    const store = new InMemorySessionStore();
    await store.create(create);
    const first = await store.lease(acquire);
    const again = await store.lease(acquire);
    expect(first).toMatchObject({ status: "ok", grant: { attempt: 0, lastSequence: 0 } });
    expect(again).toMatchObject({ status: "ok" });
    if (first.status === "ok" && again.status === "ok")
      expect(again.grant.epoch).toBe(first.grant.epoch);
    expect(await store.lease({ ...acquire, leaseId: "m" })).toMatchObject({ status: "busy" });
    const release = { ...key, op: "release" } as const;
    expect(await store.lease({ ...release, leaseId: "m" })).toMatchObject({ status: "ok" });
    expect((await store.read(key))?.header.leaseExpiresInMs).toBeGreaterThan(0);
    await store.lease({ ...release, leaseId: "l" });
    expect(await store.lease(acquire)).toMatchObject({ status: "fenced" });
    expect(await store.lease({ ...key, op: "renew", leaseId: "l", ttlMs: 1 })).toMatchObject({
      status: "fenced",
    });
    expect(await store.lease({ ...acquire, leaseId: "m" })).toMatchObject({ status: "ok" });
  });

  it("gives each holder a higher epoch, over lives too", async () => {
    const clock = new VirtualClock();
    const store = new InMemorySessionStore({ clock });
    const epochs: number[] = [];
    for (const incarnation of ["i", "j"]) {
      await store.create({ ...create, incarnation });
      for (const leaseId of ["1", "2"]) {
        const outcome = await store.lease({ ...acquire, leaseId });
        if (outcome.status === "ok") epochs.push(outcome.grant.epoch);
        await store.lease({ ...key, op: "release", leaseId });
      }
      await clock.advance(2);
      await store.erase({ ...key, incarnation });
    }
    expect(epochs).toEqual([...new Set(epochs)].toSorted((a, b) => a - b));
    expect(epochs).toHaveLength(4);
  });
});

describe("InMemorySessionStore.list", () => {
  it("pages in order of creation with equal times, and by last update", async () => {
    const clock = new VirtualClock();
    const store = new InMemorySessionStore({ clock });
    for (let n = 0; n < 7; n++)
      await store.create({
        ...create,
        sessionId: `s${n}`,
        incarnation: `i${n}`,
        userId: `u${n % 2}`,
      });
    const walk = async (command: object): Promise<string> => {
      const ids: string[] = [];
      let pageToken: string | undefined;
      do {
        const page = await store.list({
          appName: "a",
          pageSize: 2,
          ...command,
          ...(pageToken !== undefined && { pageToken }),
        });
        expect(page.items.length).toBeLessThanOrEqual(2);
        ids.push(...page.items.map(({ sessionId }) => sessionId));
        pageToken = page.nextPageToken;
      } while (pageToken !== undefined);
      return ids.join(" ");
    };
    expect(await walk({})).toBe("s6 s5 s4 s3 s2 s1 s0");
    await clock.advance(5);
    await store.append({ ...event, sessionId: "s2", incarnation: "i2", userId: "u0" });
    expect(await walk({ userId: "u0" })).toBe("s6 s4 s2 s0");
    expect(await walk({ userId: "u0", orderBy: "lastUpdateTime" })).toBe("s2 s6 s4 s0");
    expect(await walk({ userId: "u" })).toBe("");
  });
});

describe("InMemorySessionStore.watch", () => {
  it("hints at what grew, was erased or is to be cancelled", async () => {
    const store = new InMemorySessionStore();
    await store.create(create);
    const controller = new AbortController();
    const wakes: Wake[] = [];
    const watching = (async () => {
      for await (const wake of store.watch(controller.signal)) wakes.push(wake);
    })();
    await store.lease(acquire);
    const lease = { leaseId: "l", ttlMs: 1_000, header: { invocationId: "e-1" } };
    await store.append({ ...event, lease });
    await new Promise((resolve) => setImmediate(resolve));
    await store.update({ ...key, cancel: "e-1" });
    await new Promise((resolve) => setImmediate(resolve));
    await store.erase({ appName: "a", userId: "u" });
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    await watching;
    expect(wakes).toEqual([
      { incarnation: "i", lastSequence: 1 },
      { incarnation: "i", cancel: true },
      { incarnation: "i" },
    ]);
  });
});
