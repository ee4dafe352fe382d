import { describe, expect, it } from "vitest";
import { untilAborted } from "./until-aborted.ts";

describe("untilAborted", () => {
  it("gives what the work gives, and its error", async () => {
    const { signal } = new AbortController();
    expect(await untilAborted(Promise.resolve(1), signal)).toBe(1);
    expect(await untilAborted(Promise.resolve(2), undefined)).toBe(2);
    await expect(untilAborted(Promise.reject(new Error("no")), signal)).rejects.toThrow("no");
  });

  it("rejects with the reason at once, also when the signal was aborted before", async () => {
    const controller = new AbortController();
    const waiting = untilAborted(new Promise(() => {}), controller.signal);
    controller.abort("stop");
    await expect(waiting).rejects.toBe("stop");
    await expect(untilAborted(new Promise(() => {}), controller.signal)).rejects.toBe("stop");
  });

  it("hears a late rejection of abandoned work and leaves no listener", async () => {
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = ((...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    }) as typeof signal.addEventListener;
    signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    }) as typeof signal.removeEventListener;
    await untilAborted(Promise.resolve(), signal);
    expect(listeners).toBe(0);
    let fail: (error: Error) => void = () => {};
    const work = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const waiting = untilAborted(work, signal);
    controller.abort("stop");
    await expect(waiting).rejects.toBe("stop");
    fail(new Error("late")); // an unhandled rejection would fail the run
    expect(listeners).toBe(0);
  });
});
