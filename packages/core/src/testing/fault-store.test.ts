import { describe, expect, it } from "vitest";
import { InMemorySessionStore } from "../sessions/in-memory-session-store.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import { faultStore, StoreFaults } from "./fault-store.ts";
import { VirtualClock } from "./virtual-clock.ts";

const KEY = { appName: "app", userId: "user", sessionId: "session" };
const CREATE = { ...KEY, incarnation: "life-1", initialState: {} };

async function failing(): Promise<{
  faults: StoreFaults;
  clock: VirtualClock;
  inner: SessionStore;
  store: SessionStore;
}> {
  const clock = new VirtualClock();
  const inner = new InMemorySessionStore({ clock });
  const faults = new StoreFaults();
  return { faults, clock, inner, store: faultStore(inner, { faults, clock }) };
}

describe("faultStore", () => {
  it("applies a command whose reply it loses", async () => {
    const { faults, inner, store } = await failing();
    faults.loseReply("create");
    await expect(store.create(CREATE)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      retryable: true,
      details: { committed: "unknown" },
    });
    expect(await inner.read(KEY)).toBeDefined();
    expect((await store.create(CREATE)).status).toBe("ok");
  });

  it("does not apply a command that it refuses", async () => {
    const { faults, inner, store } = await failing();
    faults.refuse("create", 2);
    for (let time = 0; time < 2; time++)
      await expect(store.create(CREATE)).rejects.toMatchObject({ details: { committed: false } });
    expect(await inner.read(KEY)).toBeUndefined();
    await store.create(CREATE);
    expect(await inner.read(KEY)).toBeDefined();
  });

  it("delays a command by the clock", async () => {
    const { faults, clock, inner, store } = await failing();
    faults.delay("create", 1_000);
    const created = store.create(CREATE);
    await clock.advance(999);
    expect(await inner.read(KEY)).toBeUndefined();
    await clock.advance(1);
    expect((await created).status).toBe("ok");
  });

  it("prefers a command's own faults, takes them in their order, and can be healed", async () => {
    const { faults, store } = await failing();
    faults.refuse("any");
    faults.loseReply("read");
    faults.refuse("read");
    const committed = async (): Promise<unknown> =>
      await store.read(KEY).then(
        () => "fine",
        (error: { details: { committed: unknown } }) => error.details.committed,
      );
    expect([await committed(), await committed(), await committed()]).toEqual([
      "unknown",
      false,
      false,
    ]);
    faults.refuse("any", 5);
    expect(faults.pending).toBe(5);
    faults.heal();
    expect(await committed()).toBe("fine");
  });

  it("has the commands that the inner store has, and no others", async () => {
    const inner = new InMemorySessionStore();
    const bare: SessionStore = {
      create: inner.create.bind(inner),
      read: inner.read.bind(inner),
      append: inner.append.bind(inner),
      list: inner.list.bind(inner),
      update: inner.update.bind(inner),
      lease: inner.lease.bind(inner),
      erase: inner.erase.bind(inner),
      [Symbol.asyncDispose]: async () => {},
    };
    const faults = new StoreFaults();
    expect(faultStore(bare, { faults }).open).toBeUndefined();
    expect(faultStore(bare, { faults }).watch).toBeUndefined();
    expect(faultStore(inner, { faults }).open).toBeDefined();
  });

  it("refuses a number of times that is none", () => {
    expect(() => new StoreFaults().refuse("read", 0)).toThrow(/at least once/);
  });
});
