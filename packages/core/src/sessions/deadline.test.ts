import { describe, expect, it } from "vitest";
import { AdkError } from "../errors.ts";
import { Deadline, type DeadlineOptions } from "./deadline.ts";

const never = (): Promise<never> => new Promise(() => {});

function start(options: Partial<DeadlineOptions> = {}): Deadline {
  return new Deadline({ timeoutMs: 60_000, isWrite: true, server: "Redis at db:6379", ...options });
}

describe("Deadline", () => {
  it("gives what came in time, and what it was rejected with", async () => {
    using deadline = start();
    await expect(deadline.race(Promise.resolve(7))).resolves.toBe(7);
    await expect(deadline.race(Promise.reject(new RangeError("no")))).rejects.toThrow(RangeError);
    expect(deadline.error).toBeUndefined();
    expect(deadline.leftMs).toBeGreaterThan(0);
  });

  it("says who did not answer, and that a write which was sent may be there", async () => {
    using deadline = start({ timeoutMs: 5 });
    deadline.isSent = true;
    await expect(deadline.race(never())).rejects.toMatchObject({
      code: "TIMEOUT",
      retryable: true,
      message: expect.stringContaining("Redis at db:6379 did not answer within 5 ms") as string,
      details: { committed: "unknown" },
    });
    expect(deadline.leftMs).toBe(0);
    expect(() => deadline.check()).toThrow(AdkError);
  });

  it.each([
    { isWrite: true, isSent: false },
    { isWrite: false, isSent: true },
  ])("knows that nothing was written: %o", async ({ isWrite, isSent }) => {
    using deadline = start({ timeoutMs: 5, isWrite });
    deadline.isSent = isSent;
    await expect(deadline.race(never())).rejects.toMatchObject({ details: { committed: false } });
  });

  it("ends with its caller, also one who has left before", async () => {
    const controller = new AbortController();
    using deadline = start({ signal: controller.signal });
    deadline.isSent = true;
    const waiting = deadline.race(never());
    const reason = new Error("gone");
    controller.abort(reason);
    await expect(waiting).rejects.toMatchObject({
      code: "ABORTED",
      cause: reason,
      details: { committed: "unknown" },
    });
    using late = start({ signal: controller.signal });
    await expect(late.race(never())).rejects.toMatchObject({
      code: "ABORTED",
      details: { committed: false },
    });
  });

  it("hears what comes after its end, so that nobody must", async () => {
    using deadline = start({ timeoutMs: 1 });
    await expect(deadline.race(never())).rejects.toMatchObject({ code: "TIMEOUT" });
    await expect(deadline.race(Promise.reject(new Error("late")))).rejects.toMatchObject({
      code: "TIMEOUT",
    });
    await new Promise((resolve) => setTimeout(resolve));
  });

  it("does nothing more once disposed", async () => {
    const controller = new AbortController();
    const deadline = start({ timeoutMs: 5, signal: controller.signal });
    let isSettled = false;
    void deadline.race(never()).finally(() => (isSettled = true));
    deadline[Symbol.dispose]();
    controller.abort();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isSettled).toBe(false);
    expect(deadline.error).toBeUndefined();
  });
});
