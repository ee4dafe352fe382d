import { describe, expect, it } from "vitest";
import {
  formatArtifactUri,
  formatReference,
  parseReference,
  resolveReference,
} from "./artifact-reference.ts";

const key = { appName: "a/b", userId: "ü:@", sessionId: "100%", filename: "user/x y.txt" };

describe("an artifact's URI", () => {
  it("has each part percent-encoded", () =>
    expect(formatReference(key, 7)).toBe(
      "artifact://apps/a%2Fb/users/%C3%BC:%40/sessions/100%25/artifacts/user%2Fx%20y.txt/versions/7",
    ));

  it("has the user's names without a session and with their prefix, as ADK writes them", () => {
    const users = { appName: "app", userId: "u", filename: "a.txt" };
    expect(formatArtifactUri("memory://", users, 0)).toBe(
      "memory://apps/app/users/u/artifacts/user:a.txt/versions/0",
    );
  });

  it.each([key, { ...key, filename: "artifacts/a/versions/0" }, { ...key, filename: "?#&" }])(
    "is read back: %j",
    (each) => expect(parseReference(formatReference(each, 12))).toEqual({ key: each, version: 12 }),
  );

  it("is read back without a session", () => {
    const users = { appName: "app", userId: "u", filename: "user:a" };
    expect(parseReference(formatReference(users, 0))).toEqual({ key: users, version: 0 });
  });

  it.each([
    "artifact://",
    "artifact://apps/a/users/u/artifacts/f/versions/",
    "artifact://apps/a/users/u/artifacts/f/versions/-1",
    "artifact://apps/a/users/u/artifacts/f/versions/1/2",
    "artifact://apps/a/users/u/artifacts/f/versions/99999999999999999999",
    "artifact://apps/a/users/u/sessions//artifacts/f/versions/1",
    "artifact://apps/a/users/u/artifacts/%ZZ/versions/1",
    "artifact://apps/a/users/u/artifacts/%00/versions/1",
    "artifact://apps/a/users/u/artifacts/a/b/versions/1",
    " artifact://apps/a/users/u/artifacts/f/versions/1",
  ])("is refused when malformed: %s", (uri) =>
    expect(() => parseReference(uri)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    ),
  );

  it("leads nowhere else than its reader may see", () => {
    const reader = { appName: "app", userId: "u", sessionId: "s" };
    const own = "artifact://apps/app/users/u/sessions/s/artifacts/f/versions/1";
    expect(resolveReference(own, reader)).toEqual({ ...reader, filename: "f", version: 1 });
    for (const change of [
      { appName: "b" },
      { userId: "v" },
      { sessionId: "t" },
      { sessionId: undefined },
    ])
      expect(() => resolveReference(own, { ...reader, ...change })).toThrow(/leads out/);
    const users = "artifact://apps/app/users/u/artifacts/f/versions/1";
    const elsewhere = { ...reader, sessionId: "t" };
    expect(resolveReference(users, elsewhere)).toEqual({
      appName: "app",
      userId: "u",
      filename: "f",
      version: 1,
    });
  });
});
