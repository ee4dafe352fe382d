import { describe, expect, it } from "vitest";
import { AdkError } from "../errors.ts";
import { faultStore, StoreFaults } from "../testing/fault-store.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { decorateStore } from "./decorate-store.ts";
import { InMemorySessionStore } from "./in-memory-session-store.ts";
import { retryUnknown } from "./retry-unknown.ts";
import type { AppendCommand, SessionStore } from "./session-store.ts";

const key = { appName: "a", userId: "u", sessionId: "s" };
const create = { ...key, incarnation: "i", initialState: {} };
const append: AppendCommand = { ...key, incarnation: "i", id: "e", timestamp: 1, data: "d" };

async function setUp(): Promise<{ clock: VirtualClock; faults: StoreFaults; store: SessionStore }> {
  const clock = new VirtualClock();
  const faults = new StoreFaults();
  const inner = new InMemorySessionStore({ clock });
  await inner.create(create);
  const store = retryUnknown(faultStore(inner, { faults, clock }), { clock, tries: 4 });
  return { clock, faults, store };
}

describe("retryUnknown", () => {
  it("repeats what got no answer; it is applied once", async () => {
    const { clock, faults, store } = await setUp();
    faults.loseReply("append", 2);
    const outcome = store.append(append);
    await clock.advance(2_000);
    expect(await outcome).toMatchObject({ status: "ok", sequence: 1, duplicate: true });
    expect((await store.read(key))?.header.lastSequence).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it("gives up after the last try and says whether one of them may have been carried out", async () => {
    const { clock, faults, store } = await setUp();
    faults.loseReply("append", 1);
    faults.refuse("append", 3);
    const unknown = store.append(append).catch((error: unknown) => error);
    await clock.advance(5_000);
    expect(await unknown).toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringMatching(/\. It was tried 4 times\.$/) as string,
      details: { committed: "unknown", tries: 4 },
    });
    faults.refuse("read", 4);
    const refused = store.read(key).catch((error: unknown) => error);
    await clock.advance(5_000);
    expect(await refused).toMatchObject({
      code: "UNAVAILABLE",
      details: { committed: false, tries: 4 },
    });
    expect(faults.pending).toBe(0);
  });

  it("does not repeat other errors", async () => {
    let count = 0;
    const inner = decorateStore(new InMemorySessionStore(), {
      list: async () => {
        count++;
        throw new AdkError("PERMISSION_DENIED", "no");
      },
    });
    const store = retryUnknown(inner, { clock: new VirtualClock(), tries: 4 });
    await expect(store.list({ appName: "a", pageSize: 1 })).rejects.toThrow("no");
    expect(count).toBe(1);
  });

  it("stops waiting when the call is cancelled", async () => {
    const { clock, faults, store } = await setUp();
    faults.loseReply("append", 9);
    const controller = new AbortController();
    const outcome = store.append(append, controller.signal).catch((error: unknown) => error);
    await clock.advance(10);
    controller.abort(new Error("enough"));
    expect(await outcome).toMatchObject({
      code: "ABORTED",
      details: { committed: "unknown" },
      cause: { message: "enough" },
    });
    expect(clock.pendingTimers).toBe(0);
  });

  it("changes nothing where one try is allowed", () => {
    const inner = new InMemorySessionStore();
    expect(retryUnknown(inner, { clock: new VirtualClock(), tries: 1 })).toBe(inner);
  });
});
