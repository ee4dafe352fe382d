import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ROOT } from "./support/packed.ts";

const folder = mkdtempSync(join(tmpdir(), "adk-workflows-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1";
const PUBLISH = "changesets/action/publish@8488615a623b1b9c987934bb89eae8af6a946ac1 # v2.1.1";

/** What the linter says of this workflow, line by line. */
function lint(name: string, text: string): string[] {
  const file = join(folder, name);
  writeFileSync(file, text);
  const words = ["scripts/lint-workflows.mjs", file];
  const { stdout, stderr, status } = spawnSync(process.execPath, words, {
    cwd: ROOT,
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  const lines = stdout.trim().split("\n").filter(Boolean);
  expect(status).toBe(lines.length === 0 ? 0 : 1);
  return lines.map((line) => line.replace(`${name}: `, ""));
}

function job(steps: string, strategy = ""): string {
  return `on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n${strategy}    steps:\n${steps}\n`;
}

describe("scripts/lint-workflows.mjs", { timeout: 30_000 }, () => {
  it("is content with a workflow without mistakes", () => {
    const steps = [
      `      - uses: ${CHECKOUT}\n        with:\n          fetch-depth: 0`,
      "      - run: node scripts/setup.mjs && npm test -- lint types",
      "      - run: npm run parity",
    ];
    expect(lint("w.yml", job(steps.join("\n")))).toEqual([]);
  });

  it.each<[string, string, string[]]>([
    [
      "an input that the action does not have",
      `      - uses: ${PUBLISH}\n        with:\n          publish: npm run release`,
      ["a: changesets/action/publish has no input `publish`"],
    ],
    [
      "an action that nobody looked at",
      "      - uses: changesets/action@8488615a623b1b9c987934bb89eae8af6a946ac1 # v2.1.1",
      ["a: scripts/lint/actions.mjs does not know the action changesets/action"],
    ],
    ["an action at a tag", "      - uses: actions/checkout@v7.0.1", [`a: write ${CHECKOUT}`]],
    [
      "an action without its version",
      `      - uses: ${CHECKOUT}\n      - uses: ${CHECKOUT.replace(/ #.*/, "")}`,
      [`a: write ${CHECKOUT}`, `a: write ${CHECKOUT}`],
    ],
    [
      "a step that npm test does not have",
      "      - run: npm test -- lint typos",
      ["a: npm test has no step `typos`"],
    ],
    [
      "a program that is not there",
      "      - run: |\n          true\n          node scripts/set-up.mjs",
      ["a: there is no scripts/set-up.mjs"],
    ],
    [
      "a script that is not there",
      "      - run: npm run storys",
      ["a: there is no `npm run storys`"],
    ],
    [
      "what is not well-formed",
      "      - run: npm test\n        shall: bash",
      [expect.stringMatching(/^7:\d+ .*shall/) as string],
    ],
  ])("names %s", (_case, steps, problems) => {
    expect(lint("w.yml", job(steps))).toEqual(problems);
  });

  it.each([
    ["on one line", "[parity, storys]"],
    ["as a block", "\n          - parity\n          - storys"],
  ])("reads a list of the matrix %s", (_case, list) => {
    const strategy = `    strategy:\n      matrix:\n        anything: ${list}\n`;
    const step = "      - run: npm run ${{ matrix.anything }}";
    expect(lint("w.yml", job(step, strategy))).toEqual(["a: there is no `npm run storys`"]);
  });

  it("names a step of npm test that no job of CI runs", () => {
    const ci = readFileSync(join(ROOT, ".github/workflows/ci.yml"), "utf8");
    expect(lint("ci.yml", ci)).toEqual([]);
    expect(lint("ci.yml", ci.replace(" api ", " "))).toEqual([
      "no job runs the step `api` of npm test",
    ]);
  });
});
