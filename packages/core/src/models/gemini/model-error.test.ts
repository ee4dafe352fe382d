import { describe, expect, it } from "vitest";
import { AdkError } from "../../errors.ts";
import { toModelError } from "./model-error.ts";

const options = { model: "m", secrets: ["s3cret-key"] };

function apiError(status: number, body: unknown): Error {
  const message = typeof body === "string" ? body : JSON.stringify(body);
  return Object.assign(new Error(message), { name: "ApiError", status });
}

function caused(error: Error, cause: unknown): Error {
  return Object.assign(error, { cause });
}

describe("toModelError", () => {
  it.each([
    [400, false, "Check what the request asks for"],
    [401, false, "Check the API key"],
    [403, false, "Check the API key"],
    [404, false, "Check the model's name"],
    [408, true, "Call again later"],
    [409, false, "Check what"],
    [413, false, "too large"],
    [429, true, "`retry`"],
    [500, true, "Call again later"],
    [502, true, "Call again later"],
    [503, true, "Call again later"],
    [504, true, "Call again later"],
    [529, true, "Call again later"],
  ])("status %i: retryable %s", (status, retryable, step) => {
    const error = toModelError(
      apiError(status, { error: { code: status, status: "SOME_STATUS", message: "secret words" } }),
      options,
    );
    expect(error).toMatchObject({
      code: "MODEL_FAILED",
      retryable,
      details: { model: "m", status, reason: "SOME_STATUS" },
      cause: { name: "ApiError", status, message: "secret words" },
    });
    expect(error.message).toContain(step);
    expect(error.message).toContain(`${status} SOME_STATUS`);
    expect(error.message).not.toContain("secret words");
  });

  it("names a bad key and the delay that is asked for", () => {
    const details = [
      { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID" },
      { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "3.5s" },
    ];
    const error = toModelError(apiError(400, { error: { details } }), options);
    expect(error.message).toContain("400 API_KEY_INVALID. Check the API key");
    expect(error.details).toMatchObject({ retryAfterMs: 3_500 });
    const header = toModelError(apiError(429, { error: { details } }), {
      ...options,
      retryAfterMs: 1,
    });
    expect(header.details).toMatchObject({ retryAfterMs: 1 });
  });

  it.each([
    ["a page", apiError(502, "<html>Bad gateway</html>"), /^Gemini m answered 502\. /],
    ["a list", apiError(503, [{ error: { status: "UNAVAILABLE" } }]), /503 UNAVAILABLE/],
    [
      "words and JSON",
      apiError(503, 'got status: X. {"error":{"status":"UNAVAILABLE"}}'),
      /503 UNAVAILABLE/,
    ],
    ["null", apiError(500, "null"), /answered 500/],
    ["a strange status", apiError(500, { error: { status: "a b\nc" } }), /answered 500\. /],
  ])("reads %s", (_, error, message) => {
    expect(toModelError(error, options).message).toMatch(message);
  });

  it.each([
    [
      "no connection",
      caused(
        new TypeError("fetch failed"),
        Object.assign(new Error("x"), { code: "ECONNREFUSED" }),
      ),
      true,
      /ECONNREFUSED/,
    ],
    ["a broken connection", new TypeError("terminated"), true, /connection failed/],
    [
      "broken JSON",
      new SyntaxError(`Unexpected token 'p', "payload" is not valid JSON`),
      true,
      /not valid JSON/,
    ],
    ["half a chunk", new Error("Incomplete JSON segment at the end"), true, /cut off/],
    [
      "a chunk that cannot be read",
      new Error("exception parsing stream chunk payload. X"),
      true,
      /cut off/,
    ],
    [
      "the client's timeout",
      new DOMException("aborted", "AbortError"),
      true,
      /httpOptions\.timeout/,
    ],
    [
      "the client's own complaint",
      new Error("parameter is not supported"),
      false,
      /the cause says why/,
    ],
    ["a TypeError of code", new TypeError("x is not a function"), false, /the cause says why/],
    ["no error at all", "oops", false, /the cause says why/],
  ])("%s", (_, error, retryable, message) => {
    const result = toModelError(error, options);
    expect(result).toMatchObject({ code: "MODEL_FAILED", retryable, details: { model: "m" } });
    expect(result.message).toMatch(message);
    expect(JSON.stringify([result.message, (result.cause as Error).message])).not.toContain(
      "payload",
    );
  });

  it("keeps secrets out of the cause", () => {
    const text =
      "key s3cret-key at https://user:pw@host/v1?key=abc&x=1 with Bearer ya29.abc " +
      "y".repeat(600);
    const { cause } = toModelError(apiError(400, { error: { message: text } }), options);
    const { message, stack } = cause as Error;
    expect(message).toContain("key … at https://…@host/v1?key=…&x=1 with Bearer … ");
    expect(message.length).toBeLessThanOrEqual(500);
    expect(`${message}${stack}`).not.toMatch(/s3cret|pw@|abc/);
  });

  it("leaves an AdkError as it is", () => {
    const error = new AdkError("ABORTED", "x");
    expect(toModelError(error, options)).toBe(error);
  });
});
