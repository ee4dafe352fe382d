// The steps of npm test, fastest first. `node` is the workspace's: the environment that they run in finds it first.
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { PNPM, ROOT } from "./setup.mjs";

/** What vitest found, for the count. */
export const REPORT = join(ROOT, "node_modules/.cache/adk/tests.json");

/** turbo starts the packages' scripts through pnpm, which only npx can find. */
const turbo = (task) => [
  "npx",
  ["-y", PNPM, "exec", "turbo", "run", task, "--concurrency=2", "--output-logs=errors-only"],
];

export const STEPS = [
  { name: "lint", command: ["oxlint", ["--type-aware", "--deny-warnings"]] },
  { name: "format", command: ["oxfmt", ["--check", "."]] },
  { name: "versions", command: ["sherif", []] },
  { name: "workflows", command: ["node", ["scripts/lint-workflows.mjs"]] },
  { name: "types", command: turbo("typecheck") },
  { name: "api", command: ["node", ["packages/api-docs/src/main.ts"]] },
  { name: "build", command: turbo("build"), before: removeBuilds },
  { name: "knip", command: ["knip", []] },
  { name: "size", command: ["node", ["scripts/size.mjs"]], after: "build" },
  { name: "packages", command: turbo("lint:pkg"), after: "build" },
  {
    name: "tests",
    command: [
      "node",
      [
        "node_modules/vitest/vitest.mjs",
        "run",
        "--reporter=default",
        "--reporter=json",
        `--outputFile.json=${REPORT}`,
      ],
    ],
    alone: true,
    count: countTests,
  },
];

/** What an older commit built must not be packed: the compiler adds to dist/ and takes nothing away. */
function removeBuilds() {
  for (const name of readdirSync(join(ROOT, "packages"))) {
    rmSync(join(ROOT, "packages", name, "dist"), { recursive: true, force: true });
  }
}

/** Tests count one by one; a file that does not load, or a run that fails without a failed test, counts as one. */
function countTests(ok) {
  let report;
  try {
    report = JSON.parse(readFileSync(REPORT, "utf8"));
  } catch {
    return { passed: 0, failed: 1, note: "  no report was written" };
  }
  const broken = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  ).length;
  const skipped = report.numPendingTests + report.numTodoTests;
  const failed = report.numFailedTests + broken;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && (!ok || report.numPassedTests === 0) ? 1 : failed,
    note: `  ${report.numPassedTests} tests in ${report.testResults.length} files${skipped > 0 ? `, ${skipped} skipped` : ""}`,
  };
}
