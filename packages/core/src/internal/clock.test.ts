import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "./clock.ts";

const DAY_MS = 86_400_000;

describe("the machine's clock", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each([1, 24, 30, 365])("calls after %d days, not before, and once", (days) => {
    const callback = vi.fn<() => void>();
    systemClock.after(days * DAY_MS, callback);
    vi.advanceTimersByTime(days * DAY_MS - 1);
    expect(callback).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(callback).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(days * DAY_MS);
    expect(callback).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("can be told not to call, at the beginning and weeks later", () => {
    const callback = vi.fn<() => void>();
    for (const waitedMs of [0, 29 * DAY_MS]) {
      const cancel = systemClock.after(30 * DAY_MS, callback);
      vi.advanceTimersByTime(waitedMs);
      cancel();
      expect(vi.getTimerCount()).toBe(0);
    }
    vi.advanceTimersByTime(60 * DAY_MS);
    expect(callback).not.toHaveBeenCalled();
  });
});
