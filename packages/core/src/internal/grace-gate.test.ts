import { describe, expect, it } from "vitest";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { GraceGate } from "./grace-gate.ts";
import { Stopped } from "./stopped.ts";

const never = new Promise<never>(() => {});

describe("GraceGate", () => {
  it("lets promises pass, and their errors, also after the signal", async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    using gate = new GraceGate(controller.signal, { clock, graceMs: 100 });
    expect(await gate.pass(Promise.resolve(1))).toBe(1);
    controller.abort();
    expect(await gate.pass(Promise.resolve(2))).toBe(2);
    await expect(gate.pass(Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(gate.isClosed).toBe(false);
  });

  it("closes when the signal has been aborted for the given time", async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    using gate = new GraceGate(controller.signal, { clock, graceMs: 100 });
    const waiting = gate.pass(never);
    let error: unknown;
    waiting.catch((thrown: unknown) => {
      error = thrown;
    });
    await clock.advance(1_000);
    controller.abort();
    await clock.advance(99);
    expect(error).toBeUndefined();
    await clock.advance(1);
    expect(error).toBeInstanceOf(Stopped);
    await expect(gate.pass(never)).rejects.toBeInstanceOf(Stopped);
  });

  it("counts from its birth for a signal that was aborted before; leaves no timer", async () => {
    const clock = new VirtualClock();
    {
      using gate = new GraceGate(AbortSignal.abort(), { clock, graceMs: 100 });
      expect(clock.pendingTimers).toBe(1);
      expect(gate.isClosed).toBe(false);
    }
    expect(clock.pendingTimers).toBe(0);
  });
});
