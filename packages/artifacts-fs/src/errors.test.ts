import { AdkError } from "@adk/core";
import { describe, expect, it } from "vitest";
import { linkError, storeError, systemCode } from "./errors.ts";

/** An error as `node:fs` throws it. */
function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: what the system says, link '/a' -> '/b'`), {
    code,
    errno: -1,
    syscall: "link",
    path: "/a",
    dest: "/b",
  });
}

describe("storeError", () => {
  it.each([
    ["ENOSPC", "STORE_FULL", "disk-full", false],
    ["EDQUOT", "STORE_FULL", "disk-full", false],
    ["EACCES", "PERMISSION_DENIED", "permission", false],
    ["EPERM", "PERMISSION_DENIED", "permission", false],
    ["EROFS", "PERMISSION_DENIED", "read-only", false],
    ["ELOOP", "MISCONFIGURED", "foreign", false],
    ["ENOTDIR", "MISCONFIGURED", "foreign", false],
    ["EISDIR", "MISCONFIGURED", "foreign", false],
    ["EEXIST", "MISCONFIGURED", "foreign", false],
    ["ENXIO", "MISCONFIGURED", "foreign", false],
    ["EXDEV", "MISCONFIGURED", "two-file-systems", false],
    ["ENOTSUP", "MISCONFIGURED", "no-links", false],
    ["EOPNOTSUPP", "MISCONFIGURED", "no-links", false],
    ["ENOSYS", "MISCONFIGURED", "no-links", false],
    ["EFBIG", "ARTIFACT_TOO_LARGE", "file-size", false],
    ["ENAMETOOLONG", "ARTIFACT_NAME_INVALID", "path-length", false],
    ["ENOENT", "UNAVAILABLE", "gone", true],
    ["EMFILE", "UNAVAILABLE", "exhausted", true],
    ["ENFILE", "UNAVAILABLE", "exhausted", true],
    ["ENOMEM", "UNAVAILABLE", "exhausted", true],
    ["EBUSY", "UNAVAILABLE", "exhausted", true],
    ["EAGAIN", "UNAVAILABLE", "exhausted", true],
    ["EMLINK", "UNAVAILABLE", "exhausted", true],
    ["EIO", "UNAVAILABLE", "io", true],
    ["ESTALE", "UNAVAILABLE", "io", true],
    ["ETIMEDOUT", "UNAVAILABLE", "io", true],
  ])("%s is %s", (systemCode, code, reason, retryable) => {
    const error = storeError(systemError(systemCode), "/data/x", "unknown");
    expect(AdkError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({
      code,
      retryable,
      details: { reason, systemCode, committed: "unknown" },
      cause: { name: "SystemError", code: systemCode, syscall: "link" },
    });
    expect((error as Error).message).toMatch(/^"\/data\/x" .*\.$/);
  });

  it("of a link has a word for EPERM, which FAT answers", () => {
    const [refused, full] = [systemError("EPERM"), systemError("ENOSPC")];
    expect(linkError(refused, "/data/x")).toMatchObject({
      code: "MISCONFIGURED",
      details: { reason: "no-links", systemCode: "EPERM", committed: false },
    });
    expect(linkError(full, "/data/x")).toMatchObject({ code: "STORE_FULL" });
  });

  it("leaves what is not the system's", () => {
    const mistake = new TypeError("x is not a function");
    expect(storeError(mistake, "x")).toBe(mistake);
    const known = new AdkError("CLOSED", "Closed.");
    expect(storeError(known, "x")).toBe(known);
    expect(systemCode(known)).toBeUndefined();
    expect(systemCode(systemError("EIO"))).toBe("EIO");
  });
});
