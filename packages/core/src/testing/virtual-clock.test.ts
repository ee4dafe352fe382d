import { describe, expect, it } from "vitest";
import { delay } from "../internal/clock.ts";
import { VirtualClock } from "./virtual-clock.ts";

describe("VirtualClock", () => {
  it("runs timers at their time and in their order", async () => {
    const clock = new VirtualClock(1_000);
    const seen: [string, number][] = [];
    const note = (name: string) => () => seen.push([name, clock.now()]);
    clock.after(30, note("c"));
    clock.after(10, note("a"));
    clock.after(10, note("b"));
    clock.after(31, note("late"));
    await clock.advance(30);
    expect(seen).toEqual([
      ["a", 1_010],
      ["b", 1_010],
      ["c", 1_030],
    ]);
    expect(clock.now()).toBe(1_030);
    expect(clock.pendingTimers).toBe(1);
  });

  it("runs timers that a timer sets, when they are due within the same advance", async () => {
    const clock = new VirtualClock(0);
    const seen: number[] = [];
    const tick = (): void => {
      seen.push(clock.now());
      clock.after(10, tick);
    };
    clock.after(10, tick);
    await clock.advance(35);
    expect(seen).toEqual([10, 20, 30]);
    expect(clock.now()).toBe(35);
  });

  it("lets promises go on between timers", async () => {
    const clock = new VirtualClock(0);
    const seen: number[] = [];
    const work = async (): Promise<void> => {
      for (let step = 0; step < 3; step++) {
        await delay(clock, 5);
        seen.push(clock.now());
      }
    };
    const done = work();
    await clock.advance(15);
    await done;
    expect(seen).toEqual([5, 10, 15]);
  });

  it("shows whole milliseconds, whatever a timer was set to", async () => {
    const clock = new VirtualClock(100);
    const seen: number[] = [];
    clock.after(2.4, () => seen.push(clock.now()));
    await clock.advance(3);
    expect(seen).toEqual([103]);
  });

  it("does not run what was cancelled", async () => {
    const clock = new VirtualClock(0);
    let ran = false;
    const cancel = clock.after(5, () => {
      ran = true;
    });
    cancel();
    await clock.advance(10);
    expect(ran).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });
});
