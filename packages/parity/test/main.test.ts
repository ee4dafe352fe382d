import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { OWN_SCENARIOS } from "../src/load.ts";

/** For tests that start a few processes, on a busy machine. */
const TIMEOUT_MS = 60_000;

const main = join(import.meta.dirname, "..", "src", "main.ts");
const folder = mkdtempSync(join(tmpdir(), "parity-"));
afterAll(() => rmSync(folder, { recursive: true }));

function parity(environment: Record<string, string>, ...filters: string[]) {
  const result = spawnSync(process.execPath, ["--conditions=@adk/source", main, ...filters], {
    env: { PATH: process.env["PATH"], ...environment },
    encoding: "utf8",
  });
  return { code: result.status, lines: result.stdout.trimEnd().split("\n"), error: result.stderr };
}

describe("the program", () => {
  it(
    "tells the first difference of what fails, then how many pass",
    () => {
      for (const name of ["text-reply", "two-turns"])
        for (const kind of ["json", "golden.json"])
          copyFileSync(join(OWN_SCENARIOS, `${name}.${kind}`), join(folder, `${name}.${kind}`));
      expect(parity({ ADK_PARITY_DIR: folder })).toEqual({
        code: 0,
        lines: ["parity: 2 of 2 on memory"],
        error: "",
      });
      copyFileSync(join(folder, "text-reply.golden.json"), join(folder, "two-turns.golden.json"));
      const { code, lines } = parity({ ADK_PARITY_DIR: folder });
      expect(code).toBe(1);
      expect(lines).toEqual([
        expect.stringMatching(/^two-turns: steps\[\d\].*: expected .+, found .+/),
        "parity: 1 of 2 on memory",
      ]);
      const onSqlite = { ADK_PARITY_DIR: folder, ADK_PARITY_SERVICE: "sqlite" };
      expect(parity(onSqlite, "reply").lines).toEqual(["parity: 1 of 1 on sqlite"]);
    },
    TIMEOUT_MS,
  );

  it(
    "says how it is used",
    () => {
      const { code, lines } = parity({}, "--help");
      expect(code).toBe(0);
      for (const word of ["ADK_PARITY_SERVICE", "memory, sqlite, postgres, redis"])
        expect(lines.join("\n")).toContain(word);
      expect(parity({}, "--store")).toMatchObject({
        code: 2,
        error: "There is no option --store. `--help` says what there is.\n",
      });
    },
    TIMEOUT_MS,
  );

  it(
    "says what is wrong with what it was given",
    () => {
      const service = parity({ ADK_PARITY_SERVICE: "tape" });
      expect(service).toMatchObject({ code: 2, error: expect.stringMatching(/"tape".*memory/) });
      const missing = parity({ ADK_PARITY_DIR: join(folder, "none") });
      expect(missing).toMatchObject({ code: 2, error: expect.stringContaining("ADK_PARITY_DIR") });
      expect(parity({}, "no such scenario").code).toBe(2);
      writeFileSync(join(folder, "alone.json"), "{}");
      expect(parity({ ADK_PARITY_DIR: folder }).error).toContain("alone.golden.json");
    },
    TIMEOUT_MS,
  );
});
