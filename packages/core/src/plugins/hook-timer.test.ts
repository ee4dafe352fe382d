import { describe, expect, it } from "vitest";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { HookTimer } from "./hook-timer.ts";

describe("HookTimer", () => {
  it("counts the time between waits, and not the waits", async () => {
    const clock = new VirtualClock();
    const timer = new HookTimer(clock, 50);
    const { promise, resolve } = Promise.withResolvers<void>();
    const work = timer.run(async () => {
      await timer.pause(promise);
      await new Promise<void>((next) => clock.after(49, next));
      return "in time";
    });
    await clock.advance(1_000);
    resolve();
    await clock.advance(49);
    expect(await work).toBe("in time");
    const slow = timer.run(() => new Promise(() => undefined)).catch((error: unknown) => error);
    await clock.advance(1);
    expect(await slow).toMatchObject({ code: "TIMEOUT", details: { timeoutMs: 50 } });
    expect(clock.pendingTimers).toBe(0);
  });

  it("stands still in a step that begins while something is read ahead, and leaves no timer", async () => {
    const clock = new VirtualClock();
    const timer = new HookTimer(clock, 50);
    const { promise, resolve } = Promise.withResolvers<string>();
    const ahead = timer.pause(promise);
    const step = timer.run(() => ahead);
    await clock.advance(1_000);
    resolve("read");
    expect(await step).toBe("read");
    expect(clock.pendingTimers).toBe(0);
  });

  it("has one timer, whatever it waits for at the same time", async () => {
    const clock = new VirtualClock();
    const timer = new HookTimer(clock, 50);
    const { promise: open, resolve } = Promise.withResolvers<void>();
    const ahead = timer.pause(open);
    const work = timer.run(
      () => new Promise<string>((next) => clock.after(30, () => next("over"))),
    );
    resolve();
    await ahead;
    expect(clock.pendingTimers).toBe(2); // the hook's own work, and its limit
    await clock.advance(30);
    expect(await work).toBe("over");
    expect(clock.pendingTimers).toBe(0);
  });
});
