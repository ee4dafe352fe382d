import { describe, expect, it } from "vitest";
import { WakeQueue } from "./wake-queue.ts";

describe("WakeQueue", () => {
  it("hands hints over in order, united by session, until it is aborted", async () => {
    const controller = new AbortController();
    const queue = new WakeQueue(controller.signal);
    const hints = queue[Symbol.asyncIterator]();
    const first = hints.next();
    queue.push({ incarnation: "a", lastSequence: 1 });
    expect((await first).value).toEqual({ incarnation: "a", lastSequence: 1 });
    queue.push({ incarnation: "a", lastSequence: 2 });
    queue.push({ incarnation: "b", lastSequence: 1 });
    queue.push({ incarnation: "a", cancel: true });
    expect((await hints.next()).value).toEqual({ incarnation: "a", lastSequence: 2, cancel: true });
    expect((await hints.next()).value).toEqual({ incarnation: "b", lastSequence: 1 });
    const waiting = hints.next();
    controller.abort();
    expect((await waiting).done).toBe(true);
  });

  it("says once that nobody takes hints any more, and keeps none", async () => {
    const controller = new AbortController();
    let ends = 0;
    const queue = new WakeQueue(controller.signal, () => ends++);
    queue.push({ incarnation: "a" });
    queue.push({ incarnation: "b" });
    for await (const wake of queue) {
      expect(wake.incarnation).toBe("a");
      break;
    }
    controller.abort();
    queue.push({ incarnation: "c" });
    expect(ends).toBe(1);
    expect((await queue.next()).done).toBe(true);
    new WakeQueue(controller.signal, () => ends++);
    expect(ends).toBe(2);
  });

  it("ends with an error: at once for who waits, else with the next hint asked for", async () => {
    const { signal } = new AbortController();
    let ends = 0;
    const waitedFor = new WakeQueue(signal, () => ends++);
    const waiting = waitedFor.next();
    waitedFor.fail(new RangeError("gone"));
    await expect(waiting).rejects.toThrow(RangeError);
    expect((await waitedFor.next()).done).toBe(true);
    const idle = new WakeQueue(signal, () => ends++);
    idle.push({ incarnation: "a" });
    idle.fail(new RangeError("gone"));
    idle.push({ incarnation: "b" });
    await expect(idle.next()).rejects.toThrow(RangeError);
    expect((await idle.next()).done).toBe(true);
    expect(ends).toBe(2);
  });
});
