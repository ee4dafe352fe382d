// npm run bench:artifacts [-- --quick] [-- saves …]: artifacts in S3 beside the bare SDK, on SeaweedFS.
import { s3Access, startSeaweedFs } from "@adk/test-services";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type {
  ArtifactLine,
  ArtifactsBench,
  ArtifactsGroup,
} from "./src/artifacts/artifacts-bench.ts";
import { memory } from "./src/artifacts/rows/memory.ts";
import { reads } from "./src/artifacts/rows/reads.ts";
import { savers } from "./src/artifacts/rows/savers.ts";
import { saves } from "./src/artifacts/rows/saves.ts";
import { chooseGroups } from "./src/choose-groups.ts";
import { short } from "./src/numbers.ts";
import { machine, markdown } from "./src/table.ts";

const GROUPS: readonly ArtifactsGroup[] = [saves, savers, reads, memory];
const ROOT = fileURLToPath(new URL("../", import.meta.url));

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (flags.help) {
  console.log(`npm run bench:artifacts -- [--quick] [${GROUPS.map(({ name }) => name).join(" | ")}] …

Measures artifacts in S3 beside the bare SDK, in one run on SeaweedFS, which runs in a process of its own. Without names,
everything; a whole run writes bench/RESULTS-artifacts.md. Ends with 1 when a row marked ! is missed,
with 2 for a name that is unknown.
  --quick    a quarter of the bytes: whether everything works`);
  process.exit(0);
}
const chosen = chooseGroups(GROUPS, positionals);

/** One line that changes while something lasts; line by line where there is no terminal. */
function progress(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[2K… ${text}` : `… ${text}\n`);
}

/** What is measured in processes of their own is the packages as their users get them. */
function build(): void {
  for (const name of ["core", "artifacts-s3"]) {
    progress(`building @adk/${name}`);
    const tsc = join(ROOT, "node_modules/.bin", "tsc");
    const { status, stdout } = spawnSync(tsc, ["-p", `packages/${name}/tsconfig.build.json`], {
      cwd: ROOT,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`@adk/${name} does not compile:\n${stdout}`);
  }
}

function cells({ name, must, ours, bare, goal, met }: ArtifactLine): string[] {
  const judged = met === undefined ? "" : met ? "yes" : must ? "**MISSED**" : "missed";
  return [must ? "!" : "", name, ours, bare ?? "–", goal ?? "–", judged];
}

const startedAt = performance.now();
build();
await using server = await startSeaweedFs({ onDisk: true });
const access = s3Access(server.url);
const bench: ArtifactsBench = { server, access, isQuick: flags.quick, progress };
const lines: ArtifactLine[] = [];
const loads: number[] = [];
for (const group of chosen) {
  loads.push(loadavg()[0]!);
  lines.push(...(await group.measure(bench)));
}
if (process.stderr.isTTY) process.stderr.write("\r\u001b[2K");
const measured = [
  markdown(["", "work", "@adk/artifacts-s3", "bare SDK", "goal", "met"], lines.map(cells)),
  "",
  `On ${machine()}; SeaweedFS 4.48 on its disk. Both sides in turn.`,
  `RSS is the most that the process ever had. Load of the machine ${loads.map((value) => value.toFixed(1)).join(", ")}. Took ${short((performance.now() - startedAt) / 1_000)} s.`,
  "",
].join("\n");
console.log(measured);
if (chosen.length === GROUPS.length && !flags.quick)
  writeFileSync(
    new URL("RESULTS-artifacts.md", import.meta.url),
    `# The last \`npm run bench:artifacts\`\n\nRows marked ! must be met; the others may be missed, and say so.\n\n${measured}`,
  );
const musts = lines.filter(({ must }) => must);
const missed = musts.filter(({ met }) => met === false);
console.log(`${musts.length - missed.length} of ${musts.length} rows marked ! are met`);
for (const { name, ours, goal } of missed) console.log(`MISSED: ${name}: ${ours}, goal ${goal}`);
process.exitCode = missed.length === 0 ? 0 : 1;
