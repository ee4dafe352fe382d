import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { chooseGroups } from "../src/choose-groups.ts";

const GROUPS = [{ name: "append-one" }, { name: "append-eight" }, { name: "sizes" }];

describe("groups", () => {
  it("are chosen by parts of their names, and are all without words", () => {
    expect(chooseGroups(GROUPS, ["append", "one"])).toEqual(GROUPS.slice(0, 2));
    expect(chooseGroups(GROUPS, [])).toEqual(GROUPS);
  });

  it.each([
    ["main.ts", "turns"],
    ["sessions.ts", "append-8"],
    ["artifacts.ts", "savers"],
  ])(
    "%s measures nothing when one of the names is unknown",
    (file, known) => {
      const main = fileURLToPath(new URL(`../${file}`, import.meta.url));
      const words = ["--conditions=@adk/source", main, known, "foo"];
      const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
      expect(status).toBe(2);
      expect(stdout).toBe("");
      expect(stderr).toMatch(
        new RegExp(`^No name contains foo\\. The names are: .*${known}.*\\.\n$`),
      );
    },
    60_000,
  );
});
