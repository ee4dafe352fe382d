import { describe, expect, it } from "vitest";
import { checkStateKey } from "./state.ts";

describe("a state key", () => {
  it.each([
    "a",
    "user:a",
    "temp:",
    " ",
    "x".repeat(512),
    "ü".repeat(256),
    "\u{1f600}",
    "__proto__",
  ])("may be %j", (key) => expect(() => checkStateKey(key)).not.toThrow());

  it.each([
    undefined,
    7,
    Symbol("a"),
    "",
    "a\0",
    "a\ud800",
    "\udc00",
    "user:\ud83d",
    "x".repeat(513),
    "ü".repeat(257),
  ])("may not be %j", (key) => {
    expect(() => checkStateKey(key)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});
