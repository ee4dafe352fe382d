import { describe, expect, it } from "vitest";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { decorateStore } from "./decorate-store.ts";
import { InMemorySessionStore } from "./in-memory-session-store.ts";
import type { SessionStore, Wake } from "./session-store.ts";
import { WakeQueue } from "./wake-queue.ts";
import { Wakes } from "./wakes.ts";

/** A store whose watches are counted and can be broken. */
function watched(): { store: SessionStore; queues: WakeQueue[]; break_: () => void } {
  const queues: WakeQueue[] = [];
  let controller = new AbortController();
  const store = decorateStore(new InMemorySessionStore(), {
    async *watch(signal) {
      controller = new AbortController();
      const queue = new WakeQueue(AbortSignal.any([signal, controller.signal]));
      queues.push(queue);
      yield* queue;
      if (!signal.aborted) throw new Error("connection lost");
    },
  });
  return { store, queues, break_: () => controller.abort() };
}

describe("Wakes", () => {
  it("shares one watch among all listeners and tells each its own", async () => {
    const clock = new VirtualClock();
    const { store, queues } = watched();
    const wakes = new Wakes(store, clock);
    const heard: [string, Wake][] = [];
    wakes.listen("a", (wake) => heard.push(["first", wake]));
    const stop = wakes.listen("a", (wake) => heard.push(["second", wake]));
    wakes.listen("b", (wake) => heard.push(["third", wake]));
    await clock.advance(0);
    expect(queues).toHaveLength(1);
    queues[0]?.push({ incarnation: "a", lastSequence: 1 });
    await clock.advance(0);
    stop();
    queues[0]?.push({ incarnation: "a", lastSequence: 2 });
    queues[0]?.push({ incarnation: "unknown", lastSequence: 2 });
    await clock.advance(0);
    expect(heard.map(([name]) => name)).toEqual(["first", "second", "first"]);
    wakes.stop();
    await clock.advance(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it("starts a watch that broke off again", async () => {
    const clock = new VirtualClock();
    const { store, queues, break_ } = watched();
    const wakes = new Wakes(store, clock);
    const heard: Wake[] = [];
    wakes.listen("a", (wake) => heard.push(wake));
    await clock.advance(0);
    break_();
    await clock.advance(1_000);
    expect(queues).toHaveLength(2);
    queues[1]?.push({ incarnation: "a", cancel: true });
    await clock.advance(0);
    expect(heard).toEqual([{ incarnation: "a", cancel: true }]);
    wakes.stop();
    await clock.advance(5_000);
    expect(queues).toHaveLength(2);
  });

  it("does nothing over a store without hints", () => {
    const store: SessionStore = decorateStore(new InMemorySessionStore(), {});
    delete store.watch;
    const wakes = new Wakes(store, new VirtualClock());
    expect(wakes.available).toBe(false);
    expect(() => wakes.listen("a", () => {})()).not.toThrow();
  });
});
