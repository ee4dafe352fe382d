import { AdkError } from "@adk/core";
import { describe, expect, it } from "vitest";
import { toAdkError } from "./errors.ts";

interface Line {
  readonly of: string;
  readonly error: object;
  /** Code, retryable, what a write left behind. */
  readonly is: readonly [string, boolean, false | "unknown"];
}

const answer = (name: string, httpStatusCode: number): object => ({
  name,
  $metadata: { httpStatusCode },
});
const system = (code: string): object => ({ code });

const table: readonly Line[] = [
  { of: "no bucket", error: answer("NoSuchBucket", 404), is: ["MISCONFIGURED", false, false] },
  { of: "no key", error: answer("NoSuchKey", 404), is: ["ARTIFACT_CORRUPT", false, false] },
  { of: "a bare 404", error: answer("NotFound", 404), is: ["MISCONFIGURED", false, false] },
  { of: "denied", error: answer("AccessDenied", 403), is: ["PERMISSION_DENIED", false, false] },
  { of: "a bare 403", error: answer("Forbidden", 403), is: ["PERMISSION_DENIED", false, false] },
  {
    of: "wrong key",
    error: answer("InvalidAccessKeyId", 403),
    is: ["PERMISSION_DENIED", false, false],
  },
  {
    of: "wrong secret",
    error: answer("SignatureDoesNotMatch", 403),
    is: ["PERMISSION_DENIED", false, false],
  },
  { of: "expired", error: answer("ExpiredToken", 400), is: ["PERMISSION_DENIED", false, false] },
  {
    of: "no credentials",
    error: { name: "CredentialsProviderError" },
    is: ["PERMISSION_DENIED", false, false],
  },
  {
    of: "no region",
    error: { message: "Region is missing" },
    is: ["MISCONFIGURED", false, false],
  },
  {
    of: "credentials without a secret",
    error: { message: "Resolved credential object is not valid" },
    is: ["PERMISSION_DENIED", false, false],
  },
  { of: "skew", error: answer("RequestTimeTooSkewed", 403), is: ["MISCONFIGURED", false, false] },
  {
    of: "another region",
    error: answer("PermanentRedirect", 301),
    is: ["MISCONFIGURED", false, false],
  },
  { of: "slow down", error: answer("SlowDown", 503), is: ["UNAVAILABLE", true, false] },
  { of: "a bare 503", error: answer("503", 503), is: ["UNAVAILABLE", true, false] },
  { of: "too many", error: answer("429", 429), is: ["UNAVAILABLE", true, false] },
  {
    of: "a conflict that lasts",
    error: answer("ConditionalRequestConflict", 409),
    is: ["UNAVAILABLE", true, false],
  },
  { of: "inside", error: answer("InternalError", 500), is: ["UNAVAILABLE", true, "unknown"] },
  { of: "a bare 502", error: answer("502", 502), is: ["UNAVAILABLE", true, "unknown"] },
  { of: "slow request", error: answer("RequestTimeout", 400), is: ["TIMEOUT", true, "unknown"] },
  { of: "no answer in time", error: { name: "TimeoutError" }, is: ["TIMEOUT", true, "unknown"] },
  { of: "upload ended", error: answer("NoSuchUpload", 404), is: ["UNAVAILABLE", true, false] },
  {
    of: "too large",
    error: answer("EntityTooLarge", 400),
    is: ["ARTIFACT_TOO_LARGE", false, false],
  },
  {
    of: "long key",
    error: answer("KeyTooLongError", 400),
    is: ["ARTIFACT_NAME_INVALID", false, false],
  },
  {
    of: "much metadata",
    error: answer("MetadataTooLarge", 400),
    is: ["METADATA_TOO_LARGE", false, false],
  },
  { of: "damaged", error: answer("BadDigest", 400), is: ["UNAVAILABLE", true, false] },
  { of: "full", error: answer("507", 507), is: ["STORE_FULL", false, false] },
  {
    of: "archived",
    error: answer("InvalidObjectState", 403),
    is: ["FAILED_PRECONDITION", false, false],
  },
  {
    of: "not implemented",
    error: answer("NotImplemented", 501),
    is: ["MISCONFIGURED", false, false],
  },
  { of: "another 400", error: answer("Whatever", 400), is: ["INVALID_ARGUMENT", false, false] },
  { of: "refused", error: system("ECONNREFUSED"), is: ["UNAVAILABLE", true, false] },
  { of: "no such host", error: system("ENOTFOUND"), is: ["UNAVAILABLE", true, false] },
  { of: "reset", error: system("ECONNRESET"), is: ["UNAVAILABLE", true, "unknown"] },
  {
    of: "self-signed",
    error: system("DEPTH_ZERO_SELF_SIGNED_CERT"),
    is: ["MISCONFIGURED", false, false],
  },
  { of: "something else", error: {}, is: ["UNAVAILABLE", true, "unknown"] },
];

const context = { bucket: "b", key: "k", isWrite: true };

describe("toAdkError", () => {
  it.each(table)("$of", ({ error, is }) => {
    const made = toAdkError(Object.assign(new Error("driver"), error), context);
    expect([made.code, made.retryable, made.details["committed"]]).toEqual(is);
    expect(made.details).toMatchObject({ bucket: "b", key: "k" });
    expect(made.message).toMatch(/\. [A-Z].*\.$/);
  });

  it("says that nothing was written when it only read", () => {
    const lost = Object.assign(new Error("driver"), system("ECONNRESET"));
    expect(toAdkError(lost, { ...context, isWrite: false }).details["committed"]).toBe(false);
  });

  it("names answer, bucket and server", () => {
    const thrown = Object.assign(new Error("driver"), answer("NoSuchBucket", 404));
    const made = toAdkError(thrown, { ...context, endpoint: "s3.example.com:9000" });
    expect(made.message).toMatch(
      /^S3 failed \(NoSuchBucket, 404\) in bucket "b" at s3\.example\.com:9000\. There is no such/,
    );
    expect(made.details).toMatchObject({ bucket: "b", endpoint: "s3.example.com:9000" });
    expect(toAdkError(new Error("driver"), context).message).toMatch(/^S3 failed in bucket "b"\. /);
  });

  it("keeps name and message of the cause, and nothing of the request", () => {
    const thrown = Object.assign(new Error("said"), answer("SlowDown", 503), {
      $response: { headers: { authorization: "secret" } },
    });
    const { cause } = toAdkError(thrown, context);
    expect(cause).toMatchObject({ name: "SlowDown", message: "said" });
    expect(Object.keys(cause as object)).toEqual(["name"]);
  });

  it("is ABORTED, with the reason, when the signal has fired", () => {
    const signal = AbortSignal.abort("enough");
    const made = toAdkError(new Error("AbortError"), { ...context, signal });
    expect([made.code, made.cause, made.details["committed"]]).toEqual([
      "ABORTED",
      "enough",
      "unknown",
    ]);
  });

  it("leaves our own errors as they are", () => {
    const own = new AdkError("CLOSED", "Closed.");
    expect(toAdkError(own, context)).toBe(own);
  });
});
