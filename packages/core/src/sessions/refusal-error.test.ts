import { describe, expect, it } from "vitest";
import { refusalError } from "./refusal-error.ts";
import type { Refusal } from "./session-store.ts";

describe("refusalError", () => {
  it.each<[Refusal, string, boolean]>([
    [{ status: "not-found" }, "SESSION_NOT_FOUND", false],
    [{ status: "exists" }, "SESSION_ALREADY_EXISTS", false],
    [{ status: "gone" }, "SESSION_GONE", false],
    [{ status: "not-open" }, "FAILED_PRECONDITION", false],
    [{ status: "id-conflict", lastSequence: 3 }, "EVENT_ID_CONFLICT", false],
    [{ status: "fenced", lastSequence: 3 }, "SESSION_FENCED", false],
    [{ status: "conflict", lastSequence: 3 }, "SESSION_CONFLICT", true],
    [{ status: "busy", expiresInMs: 40 }, "SESSION_BUSY", true],
  ])("words %j", (refusal, code, retryable) => {
    const error = refusalError(refusal, {
      sessionId: "s-1",
      eventId: "ev",
      expectedLastSequence: 2,
    });
    expect(error).toMatchObject({ code, retryable, details: { sessionId: "s-1" } });
    expect(error.message).toContain('"s-1"');
  });

  it("carries the numbers", () => {
    const key = { sessionId: "s", expectedLastSequence: 2 };
    expect(refusalError({ status: "conflict", lastSequence: 3 }, key).details).toMatchObject({
      found: 3,
      expected: 2,
    });
    expect(refusalError({ status: "busy", expiresInMs: 40 }, key).details).toMatchObject({
      expiresInMs: 40,
    });
  });

  it("names `waitMs` only with those that have it", () => {
    const { message } = refusalError({ status: "busy", expiresInMs: 40 }, { sessionId: "s" });
    expect(message).toContain("Try again after `details.expiresInMs`, or stop the other run");
    expect(message).toContain("`answer`, `openSession` and `acquireLease` can wait in line");
  });
});
