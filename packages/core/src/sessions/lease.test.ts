import { describe, expect, it } from "vitest";
import { createEvent } from "../events/event.ts";
import { delay } from "../internal/clock.ts";
import { faultStore, StoreFaults } from "../testing/fault-store.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { BaseSessionService } from "./base-session-service.ts";
import { decorateStore } from "./decorate-store.ts";
import { InMemorySessionStore } from "./in-memory-session-store.ts";
import type { SessionStore } from "./session-store.ts";

const key = { appName: "app", userId: "user", sessionId: "s" };
const ask = { ...key, owner: "test", ttlMs: 15_000 };

interface Bench {
  readonly clock: VirtualClock;
  readonly faults: StoreFaults;
  readonly store: InMemorySessionStore;
  readonly service: BaseSessionService;
  /** Another process over the same store. */
  readonly other: BaseSessionService;
  /** Names of the lease operations that reached the store. */
  readonly sent: string[];
}

async function setUp(): Promise<Bench> {
  const clock = new VirtualClock();
  const faults = new StoreFaults();
  const store = new InMemorySessionStore({ clock });
  const sent: string[] = [];
  const counted: SessionStore = decorateStore(store, {
    lease: async (command) => {
      sent.push(command.op);
      return await store.lease(command);
    },
  });
  const service = new BaseSessionService(faultStore(counted, { faults, clock }), { clock });
  const other = new BaseSessionService(store, { clock });
  await service.createSession(key);
  return { clock, faults, store, service, other, sent };
}

describe("a held lease", () => {
  it("is renewed by timer in quiet times, and not while appends extend it", async () => {
    const { clock, service, other, sent } = await setUp();
    const { session, lease } = await service.openSession(ask);
    await clock.advance(60_000);
    await expect(other.acquireLease(ask)).rejects.toMatchObject({ code: "SESSION_BUSY" });
    expect(sent.length).toBe(12);
    for (let second = 0; second < 30; second++) {
      await service.appendEvent({ session, lease, event: createEvent() });
      await clock.advance(1_000);
    }
    expect(sent.length).toBe(12);
    expect(lease.lost.aborted).toBe(false);
    await lease.release();
    expect(sent).toEqual([...Array<string>(12).fill("renew"), "release"]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("has one renewal under way at a time, however slow the store is", async () => {
    const { clock, store } = await setUp();
    const sentAt: number[] = [];
    const startedAt = clock.now();
    const slow = decorateStore(store, {
      lease: async (command) => {
        if (command.op === "renew") sentAt.push(clock.now() - startedAt);
        if (sentAt.length === 1) await delay(clock, 7_000);
        return await store.lease(command);
      },
    });
    const lease = await new BaseSessionService(slow, { clock }).acquireLease(ask);
    await clock.advance(14_999);
    expect(sentAt).toEqual([5_000]);
    await clock.advance(5_001);
    expect(sentAt).toEqual([5_000, 15_000, 20_000]);
    expect(lease.lost.aborted).toBe(false);
    await lease.release();
  });

  it("lapses when it is not kept alive, and is renewed as long as nobody took it", async () => {
    const { clock, service, other } = await setUp();
    const lease = await service.acquireLease(ask);
    lease.keepAlive(false);
    await clock.advance(20_000);
    await lease.renew();
    await expect(other.acquireLease(ask)).rejects.toMatchObject({ code: "SESSION_BUSY" });
    await clock.advance(20_000);
    const next = await other.acquireLease(ask);
    expect(next.epoch).toBeGreaterThan(lease.epoch);
    await expect(lease.renew()).rejects.toMatchObject({ code: "SESSION_FENCED" });
    expect(lease.lost.aborted).toBe(true);
    await lease.release();
    await next.renew();
    await next.release();
  });

  it("is lost when the store refuses an append", async () => {
    const { clock, service, other } = await setUp();
    const { session, lease } = await service.openSession(ask);
    const { lost } = lease;
    lease.keepAlive(false);
    await clock.advance(15_001);
    const next = await other.acquireLease(ask);
    const append = service.appendEvent({ session, lease, event: createEvent() });
    await expect(append).rejects.toMatchObject({ code: "SESSION_FENCED" });
    expect(lost.reason).toMatchObject({ code: "SESSION_FENCED" });
    await next.release();
  });

  it("is lost when renewals fail for as long as it lives, and not before", async () => {
    const { clock, faults, service } = await setUp();
    const { lease } = await service.openSession(ask);
    const { lost } = lease;
    faults.refuse("lease", 1_000);
    await clock.advance(14_900);
    expect(lost.aborted).toBe(false);
    await clock.advance(5_100);
    expect(lost.aborted).toBe(true);
    faults.heal();
    await lease.release();
    await clock.advance(60_000);
    expect(clock.pendingTimers).toBe(0);
  });

  it("outlives a store that is away for a while", async () => {
    const { clock, faults, service } = await setUp();
    const { lease } = await service.openSession(ask);
    faults.refuse("lease", 5);
    await clock.advance(60_000);
    expect(lease.lost.aborted).toBe(false);
    await lease.release();
  });

  it("learns at once that the session was deleted", async () => {
    const { clock, service, other } = await setUp();
    const { lease } = await service.openSession(ask);
    const { lost } = lease;
    await other.deleteSession(key);
    await clock.advance(1);
    expect(lost.reason).toMatchObject({ code: "SESSION_NOT_FOUND" });
    await lease.release();
  });

  it("hears a cancel at once by a hint, and within a third of its time without", async () => {
    const { clock, store, service, other } = await setUp();
    const silent = decorateStore(store, {}) as Partial<SessionStore>;
    delete silent.watch;
    for (const holder of [service, new BaseSessionService(silent as SessionStore, { clock })]) {
      const { session, lease } = await holder.openSession(ask);
      const { cancelled } = lease;
      await holder.appendEvent({
        session,
        lease,
        event: createEvent(),
        header: { invocationId: "e-1" },
      });
      expect(await other.requestCancel({ ...key, invocationId: "e-2" })).toBe(false);
      expect(await other.requestCancel({ ...key, invocationId: "e-1" })).toBe(true);
      await clock.advance(holder === service ? 0 : 5_000);
      expect(cancelled.aborted).toBe(true);
      await lease.release({ ended: "e-1" });
    }
  });

  it("does not take a late cancel of an invocation that is over for its own", async () => {
    const { clock, store, service } = await setUp();
    const { session, lease } = await service.openSession(ask);
    const append = (id: string): Promise<unknown> =>
      service.appendEvent({ session, lease, event: createEvent(), header: { invocationId: id } });
    await append("e-1");
    // The hint of the cancel arrives when the next invocation is open.
    await Promise.all([store.update({ ...key, cancel: "e-1" }), append("e-2")]);
    await clock.advance(1);
    expect(lease.cancelled.aborted).toBe(false);
    await lease.release({ ended: "e-2" });
  });

  it("counts attempts: 1 for an invocation it opens, more for one it takes up", async () => {
    const { clock, service, other } = await setUp();
    const first = await service.openSession(ask);
    expect(first.lease.attempt).toBe(0);
    const { session, lease } = first;
    await service.appendEvent({
      session,
      lease,
      event: createEvent(),
      header: { invocationId: "e-1" },
    });
    expect(lease.attempt).toBe(1);
    lease.keepAlive(false);
    await clock.advance(15_001);
    const second = await other.openSession(ask);
    expect(second.openInvocationId).toBe("e-1");
    expect(second.lease.attempt).toBe(2);
    const request = { session: second.session, lease: second.lease };
    await other.appendEvent({ ...request, event: createEvent(), header: { invocationId: "e-1" } });
    expect(second.lease.attempt).toBe(2);
    await other.appendEvent({ ...request, event: createEvent(), header: { invocationId: "e-2" } });
    expect(second.lease.attempt).toBe(1);
    await second.lease.release({ ended: "e-2" });
    await lease.release();
  });

  it("releases once, and never fails", async () => {
    const { clock, faults, service, sent } = await setUp();
    const lease = await service.acquireLease(ask);
    faults.refuse("lease", 100);
    const released = Promise.all([lease.release(), lease.release()]);
    await clock.advance(10_000);
    await released;
    expect(sent).toEqual(["acquire"]);
    await expect(lease.renew()).rejects.toMatchObject({ code: "SESSION_FENCED" });
    expect(lease.lost.aborted).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  it("is released after its time to live when the store does not answer: by then it has lapsed", async () => {
    const { clock, store } = await setUp();
    const mute = decorateStore(store, {
      lease: (command) =>
        command.op === "release" ? new Promise<never>(() => {}) : store.lease(command),
    });
    const service = new BaseSessionService(mute, { clock });
    const lease = await service.acquireLease(ask);
    let isReleased = false;
    const released = lease.release().then(() => (isReleased = true));
    const next = service.acquireLease({ ...ask, waitMs: 60_000 });
    await clock.advance(14_999);
    expect(isReleased).toBe(false);
    await clock.advance(1);
    await released;
    expect((await next).epoch).toBeGreaterThan(lease.epoch);
    (await next).keepAlive(false);
    expect(clock.pendingTimers).toBe(0);
  });

  it("stops its timer when the service is closed", async () => {
    const { clock, service } = await setUp();
    const lease = await service.acquireLease(ask);
    await service[Symbol.asyncDispose]();
    await expect(lease.renew()).rejects.toMatchObject({ code: "CLOSED" });
    await clock.advance(2_000);
    expect(clock.pendingTimers).toBe(0);
  });
});
