import { describe, expect, it } from "vitest";
import { AdkError } from "../../errors.ts";
import { parseRetryAfter, retryDelay } from "./retry.ts";

const again = new AdkError("MODEL_FAILED", "x", { retryable: true });

describe("retryDelay", () => {
  it("grows up to its limit and ends with the attempts", () => {
    const retry = { maxAttempts: 5, initialDelayMs: 100, maxDelayMs: 350, jitter: 0 };
    expect([1, 2, 3, 4, 5].map((attempt) => retryDelay(retry, attempt, again))).toEqual([
      100,
      200,
      350,
      350,
      undefined,
    ]);
  });

  it("leaves the share of jitter to chance", () => {
    for (let round = 0; round < 50; round++) {
      const waitMs = retryDelay({ initialDelayMs: 1_000 }, 1, again);
      expect(waitMs).toBeGreaterThanOrEqual(500);
      expect(waitMs).toBeLessThanOrEqual(1_000);
    }
  });

  it("waits as long as it is asked to, unless that is too long", () => {
    const asked = (retryAfterMs: number) =>
      new AdkError("MODEL_FAILED", "x", { retryable: true, details: { retryAfterMs } });
    expect(retryDelay({}, 1, asked(7_000))).toBe(7_000);
    expect(retryDelay({}, 1, asked(0))).toBe(0);
    expect(retryDelay({}, 1, asked(60_001))).toBeUndefined();
  });

  it("does not repeat what cannot succeed, nor anything unless it was asked to", () => {
    expect(retryDelay({}, 1, new AdkError("MODEL_FAILED", "x"))).toBeUndefined();
    expect(retryDelay(undefined, 1, again)).toBeUndefined();
  });
});

describe("parseRetryAfter", () => {
  it.each([
    ["3", 3_000],
    ["0.5", 500],
    ["Thu, 01 Jan 1970 00:00:10 GMT", 9_000],
    ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
    ["soon", undefined],
    ["", undefined],
    [null, undefined],
  ])("%j", (header, expected) => {
    expect(parseRetryAfter(header, 1_000)).toBe(expected);
  });
});
