import { describe, expect, it } from "vitest";
import { createEvent, type Event } from "../events/event.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { BaseSessionService } from "./base-session-service.ts";
import { decorateStore } from "./decorate-store.ts";
import { InMemorySessionStore } from "./in-memory-session-store.ts";
import type { SessionStore } from "./session-store.ts";
import type { Session } from "./session.ts";

const key = { appName: "app", userId: "user", sessionId: "s" };

interface Bench {
  readonly clock: VirtualClock;
  readonly service: BaseSessionService;
  readonly session: Session;
  append(count: number): Promise<void>;
}

async function setUp(hints: boolean = true): Promise<Bench> {
  const clock = new VirtualClock();
  const store: Partial<SessionStore> = decorateStore(new InMemorySessionStore({ clock }), {});
  if (!hints) delete store.watch;
  const service = new BaseSessionService(store as SessionStore, { clock, pollMs: 500 });
  const session = await service.createSession(key);
  const append = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) await service.appendEvent({ session, event: createEvent() });
  };
  return { clock, service, session, append };
}

/** Collects what a subscription gives, in the background. */
function collect(events: AsyncIterable<Event>): {
  sequences: (number | undefined)[];
  end: Promise<unknown>;
} {
  const sequences: (number | undefined)[] = [];
  const end = (async () => {
    for await (const event of events) sequences.push(event.sequence);
    return "ended";
  })().catch((error: unknown) => error);
  return { sequences, end };
}

describe("subscribe", () => {
  it("gives what is there page by page, then what comes, at once", async () => {
    const { clock, service, append } = await setUp();
    await append(600);
    const controller = new AbortController();
    const { sequences, end } = collect(
      service.subscribe({ ...key, afterSequence: 2, signal: controller.signal }),
    );
    await clock.advance(0);
    expect(sequences).toHaveLength(598);
    await append(2);
    await clock.advance(0);
    expect(sequences).toEqual(Array.from({ length: 600 }, (_, n) => n + 3));
    controller.abort();
    expect(await end).toBe("ended");
    await service[Symbol.asyncDispose]();
    await clock.advance(2_000);
    expect(clock.pendingTimers).toBe(0);
  });

  it("looks by timer where there are no hints", async () => {
    const { clock, service, append } = await setUp(false);
    const { sequences, end } = collect(service.subscribe({ ...key }));
    await clock.advance(100);
    await append(1);
    await clock.advance(100);
    expect(sequences).toEqual([]);
    await clock.advance(400);
    expect(sequences).toEqual([1]);
    await service[Symbol.asyncDispose]();
    expect(await end).toMatchObject({ code: "CLOSED" });
    expect(clock.pendingTimers).toBe(0);
  });

  it("begins where the session stood at the call, not at the first read", async () => {
    const { clock, service, append } = await setUp();
    await append(1);
    const subscription = service.subscribe({ ...key });
    await append(1);
    const first = subscription.next();
    await clock.advance(0);
    expect((await first).value?.sequence).toBe(2);
    await subscription.return();
    expect(clock.pendingTimers).toBe(0);
  });

  it("ends with SESSION_GONE when the session is deleted, also when its id is taken again", async () => {
    const { clock, service } = await setUp();
    const { end } = collect(service.subscribe({ ...key }));
    await clock.advance(0);
    await service.deleteSession(key);
    await service.createSession(key);
    await clock.advance(0);
    expect(await end).toMatchObject({ code: "SESSION_GONE" });
    expect(clock.pendingTimers).toBe(0);
  });

  it("refuses a sequence that the store does not know, and a session that is not there", async () => {
    const { service } = await setUp();
    await expect(service.subscribe({ ...key, afterSequence: 5 }).next()).rejects.toMatchObject({
      code: "SESSION_REGRESSED",
    });
    await expect(service.subscribe({ ...key, sessionId: "x" }).next()).rejects.toMatchObject({
      code: "SESSION_NOT_FOUND",
    });
  });

  it("never misses an event that comes between a read and the sleep", async () => {
    const { clock, service, append } = await setUp();
    const { sequences, end } = collect(service.subscribe({ ...key, afterSequence: 0 }));
    const writers = Array.from({ length: 20 }, async () => {
      for (let n = 0; n < 10; n++) await append(1);
    });
    await Promise.all(writers);
    await clock.advance(0);
    expect(sequences).toEqual(Array.from({ length: 200 }, (_, n) => n + 1));
    await service[Symbol.asyncDispose]();
    await end;
  });
});
