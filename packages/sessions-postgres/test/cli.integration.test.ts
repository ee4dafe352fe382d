import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const cli = fileURLToPath(new URL("../src/cli.ts", import.meta.url));

describe("adk-sessions-postgres", { timeout: 60_000 }, () => {
  it.each([
    [["foo"], "There is no command `foo`: say `sql`.\nadk-sessions-postgres sql"],
    [[], "A command is missing: `sql`.\nadk-sessions-postgres sql"],
    [["sql", "--shema", "x"], "Unknown option '--shema'"],
  ])("says what is wrong with %j, and how it is used", (words, says) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--conditions=@adk/source", cli, ...words],
      { encoding: "utf8" },
    );
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(says);
  });
});
