import { AdkError, type AdkErrorCode } from "@adk/core";
import { describe, expect, it } from "vitest";
import { toAdkError } from "./errors.ts";

const SENT = { isSent: true, isWrite: true };

function answer(message: string): Error {
  return Object.assign(new Error(message), {
    name: "ReplyError",
    command: { name: "evalsha", args: ["secret"] },
  });
}

function failure(code: string): Error {
  return Object.assign(new Error(`connect ${code} 127.0.0.1:6379`), { code });
}

const scripted = (text: string): string =>
  `ERR Error running script (call to f_0123): @user_script:12: @user_script: 12: -${text}`;

type Row = [error: Error, code: AdkErrorCode, retryable: boolean, committed: false | "unknown"];

describe("a driver's error", () => {
  it.each<Row>([
    [
      answer(
        "OOM command not allowed when used memory > 'maxmemory'. script: 01, on @user_script:9.",
      ),
      "STORE_FULL",
      false,
      false,
    ],
    [
      answer(scripted("OOM command not allowed when used memory > 'maxmemory'.")),
      "STORE_FULL",
      false,
      false,
    ],
    [answer("READONLY You can't write against a read only replica."), "UNAVAILABLE", true, false],
    [
      answer(scripted("READONLY You can't write against a read only replica.")),
      "UNAVAILABLE",
      true,
      false,
    ],
    [answer("LOADING Redis is loading the dataset in memory"), "UNAVAILABLE", true, false],
    [answer("MASTERDOWN Link with MASTER is down"), "UNAVAILABLE", true, false],
    [answer("NOREPLICAS Not enough good replicas to write."), "UNAVAILABLE", true, false],
    [answer("MISCONF Errors writing to the AOF file"), "UNAVAILABLE", true, false],
    [answer("BUSY Redis is busy running a script."), "UNAVAILABLE", true, false],
    [answer("CLUSTERDOWN Hash slot not served"), "UNAVAILABLE", true, false],
    [answer("TRYAGAIN Multiple keys request during rehashing of slot"), "UNAVAILABLE", true, false],
    [answer("UNBLOCKED force unblock from blocking operation"), "UNAVAILABLE", true, "unknown"],
    [
      answer("NOPERM User app has no permissions to run the 'hset' command"),
      "PERMISSION_DENIED",
      false,
      false,
    ],
    [
      answer(scripted("NOPERM this user has no permissions to run the 'hset' command")),
      "PERMISSION_DENIED",
      false,
      false,
    ],
    [
      answer(
        "ERR Error running script (call to f_01): @user_script:3: @user_script: 3: The user executing the script can't run this command or subcommand",
      ),
      "PERMISSION_DENIED",
      false,
      false,
    ],
    [answer("WRONGPASS invalid username-password pair"), "PERMISSION_DENIED", false, false],
    [answer("NOAUTH Authentication required."), "PERMISSION_DENIED", false, false],
    [
      answer("WRONGTYPE Operation against a key holding the wrong kind of value"),
      "STORE_CORRUPT",
      false,
      false,
    ],
    [
      answer("CROSSSLOT Keys in request don't hash to the same slot"),
      "MISCONFIGURED",
      false,
      false,
    ],
    [
      answer("ERR unknown command 'WAITAOF', with args beginning with: "),
      "UNSUPPORTED",
      false,
      false,
    ],
    [failure("ECONNREFUSED"), "UNAVAILABLE", true, false],
    [failure("ENOTFOUND"), "UNAVAILABLE", true, false],
    [failure("ECONNRESET"), "UNAVAILABLE", true, "unknown"],
    [failure("EPIPE"), "UNAVAILABLE", true, "unknown"],
    [failure("DEPTH_ZERO_SELF_SIGNED_CERT"), "MISCONFIGURED", false, false],
    [failure("CERT_SIGNATURE_FAILURE"), "MISCONFIGURED", false, false],
    [failure("ERR_TLS_CERT_ALTNAME_INVALID"), "MISCONFIGURED", false, false],
    [new Error("Connection is closed."), "UNAVAILABLE", true, "unknown"],
    [new Error("All sentinels are unreachable. Retrying"), "UNAVAILABLE", true, false],
    [
      new Error("Stream isn't writeable and enableOfflineQueue options is false"),
      "UNAVAILABLE",
      true,
      false,
    ],
    [
      new Error("Reached the max retries per request limit (which is 8)."),
      "UNAVAILABLE",
      true,
      "unknown",
    ],
  ])("%s", (error, code, retryable, committed) => {
    expect(toAdkError(error, SENT)).toMatchObject({ code, retryable, details: { committed } });
  });

  it("says that nothing was committed when nothing was sent, or nothing was to be written", () => {
    const lost = failure("ECONNRESET");
    const committed = (context: typeof SENT): unknown =>
      toAdkError(lost, context).details["committed"];
    expect(committed({ isSent: false, isWrite: true })).toBe(false);
    expect(committed({ isSent: true, isWrite: false })).toBe(false);
  });

  it("that a command was given up is what keeps the client from connecting; what was sent is unknown", () => {
    const given = new Error("Reached the max retries per request limit (which is 8).");
    const of = (trouble: Error, isSent: boolean): AdkError =>
      toAdkError(given, { isSent, isWrite: true, trouble });
    expect(of(failure("DEPTH_ZERO_SELF_SIGNED_CERT"), false)).toMatchObject({
      code: "MISCONFIGURED",
      details: { committed: false },
    });
    expect(of(failure("ECONNREFUSED"), true)).toMatchObject({
      code: "UNAVAILABLE",
      retryable: true,
      details: { committed: "unknown", driverCode: "ECONNREFUSED" },
    });
    const other = answer("LOADING Redis is loading the dataset in memory");
    expect(toAdkError(other, { ...SENT, trouble: failure("ECONNREFUSED") }).details).toEqual({
      committed: false,
      driverCode: "LOADING",
    });
  });

  it.each([
    [
      "ECONNREFUSED",
      { address: "10.0.0.1", port: 6379 },
      "Redis at 10.0.0.1:6379 failed (ECONNREFUSED). The server is not reachable.",
    ],
    [
      "ENOTFOUND",
      { hostname: "rdis.example" },
      "Redis at rdis.example failed (ENOTFOUND). Its name is not known. Check the host",
    ],
  ])("says where: %s, %o", (code, members, words) => {
    const trouble = Object.assign(failure(code), members);
    const given = new Error("Reached the max retries per request limit (which is 8).");
    const unreachable = Object.assign(new Error("All sentinels are unreachable."), {
      lastNodeError: trouble,
    });
    for (const reason of [trouble, unreachable])
      expect(toAdkError(given, { ...SENT, trouble: reason }).message).toContain(words);
  });

  it("is CLOSED when the client was closed for good", () => {
    const error = toAdkError(new Error("Connection is closed."), { ...SENT, isEnded: true });
    expect(error).toMatchObject({ code: "CLOSED", retryable: false });
  });

  it("is what lies behind an error that all of many failed", () => {
    const all = Object.assign(new Error("Failed to refresh slots cache."), {
      lastNodeError: answer(
        "NOPERM User app has no permissions to run the 'cluster|slots' command",
      ),
    });
    expect(toAdkError(all, SENT).code).toBe("PERMISSION_DENIED");
    const aborted = Object.assign(answer("EXECABORT Transaction discarded."), {
      previousErrors: [answer("LOADING Redis is loading the dataset in memory")],
    });
    expect(toAdkError(aborted, SENT)).toMatchObject({ code: "UNAVAILABLE", retryable: true });
  });

  it("is understood when it is behind itself, as when a transaction's connection is given up", () => {
    const flushed = new Error("Reached the max retries per request limit (which is 0).");
    Object.assign(flushed, { name: "MaxRetriesPerRequestError", previousErrors: [flushed] });
    expect(toAdkError(flushed, SENT)).toMatchObject({
      code: "UNAVAILABLE",
      retryable: true,
      details: { committed: "unknown" },
    });
  });

  it("keeps of the cause its name, code and message, and not the command", () => {
    const { cause } = toAdkError(answer("WRONGTYPE Operation"), SENT);
    expect(cause).toMatchObject({
      name: "ReplyError",
      code: "WRONGTYPE",
      message: "WRONGTYPE Operation",
    });
    expect(JSON.stringify(Object.entries(cause as object))).not.toContain("secret");
  });

  it("is left as it is when it is ours", () => {
    const own = new AdkError("CLOSED", "Closed.");
    expect(toAdkError(own, SENT)).toBe(own);
  });
});
