import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { artifactServiceCases, sessionServiceCases } from "../src/testing/index.ts";

const script = fileURLToPath(new URL("./support/kits-under-node-test.mjs", import.meta.url));
const cases = sessionServiceCases.length + artifactServiceCases.length;

/** Runs the kits in a Node of their own. */
function run(knownGap?: string): { code: number | null; counts: Record<string, number> } {
  const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...environment } = process.env;
  const { status, stdout } = spawnSync(
    process.execPath,
    ["--conditions=@adk/source", "--test", "--test-reporter=tap", script],
    {
      env: { ...environment, ...(knownGap !== undefined && { KIT_KNOWN_GAP: knownGap }) },
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  const counts = [...stdout.matchAll(/^# (pass|fail) (\d+)$/gm)];
  return {
    code: status,
    counts: Object.fromEntries(counts.map(([, name, count]) => [name, Number(count)])),
  };
}

describe("the kits under node:test", { timeout: 60_000 }, () => {
  it("run and pass", () => {
    expect(run()).toEqual({ code: 0, counts: { pass: cases, fail: 0 } });
  });

  it("fail when a known gap passes", () => {
    expect(run("append-sequences")).toEqual({ code: 1, counts: { pass: cases - 1, fail: 1 } });
  });
});
