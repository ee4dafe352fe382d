import { AdkError } from "@adk/core";
import { describe, expect, it } from "vitest";
import { chooseModel } from "./choose-model.ts";
import { readOptions } from "./options.ts";

describe("readOptions", () => {
  it("has defaults for everything", () => {
    expect(readOptions([])).toEqual({
      help: false,
      json: false,
      model: undefined,
      user: "me",
      session: "main",
    });
  });

  it("reads all flags", () => {
    const args = ["--json", "--user=ida", "--session", "two", "--model", "rules", "-h"];
    expect(readOptions(args)).toEqual({
      help: true,
      json: true,
      model: "rules",
      user: "ida",
      session: "two",
    });
  });

  it.each([
    [["--modle", "x"], "'--modle'"],
    [["hello"], "'hello'"],
    [["--user"], "'--user"],
    [["--user", "--json"], "'--user"],
    [["--user", " "], "--user is empty"],
    [["--json=yes"], "'--json'"],
  ])("%j is refused in one sentence", (args, words) => {
    try {
      readOptions(args);
      expect.fail("was accepted");
    } catch (error) {
      if (!AdkError.isInstance(error, "INVALID_ARGUMENT")) throw error;
      expect(error.message).toContain(words);
      expect(error.message).toMatch(/^[^\n]*; --help lists the flags\.$/);
    }
  });
});

describe("chooseModel", () => {
  it.each(["gpt-9", "localhost:1234/v1#x", ""])("%j is no model", (name) => {
    expect(() => chooseModel(name)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});
