// npm run bench [-- --quick] [-- turns …]: @adk/core and @google/adk, measured in turn.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Bench, Group, Row } from "./src/bench.ts";
import { chooseGroups } from "./src/choose-groups.ts";
import { bundle } from "./src/rows/bundle.ts";
import { endings } from "./src/rows/endings.ts";
import { heap } from "./src/rows/heap.ts";
import { importTime } from "./src/rows/import-time.ts";
import { clean } from "./src/rows/install.ts";
import { longSessions } from "./src/rows/long-sessions.ts";
import { parallelTools } from "./src/rows/parallel-tools.ts";
import { programs } from "./src/rows/programs.ts";
import { turns } from "./src/rows/turns.ts";
import { ourSubject, peerSubject } from "./src/subjects.ts";
import { conditions, table } from "./src/table.ts";

const GROUPS: readonly Group[] = [
  programs,
  turns,
  longSessions,
  parallelTools,
  endings,
  heap,
  importTime,
  clean,
  bundle,
];
const REPETITIONS = 5;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    record: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (flags.help) {
  console.log(`npm run bench -- [--quick] [--record] [${GROUPS.map(({ name }) => name).join(" | ")}] …

Measures @adk/core beside @google/adk. Without names, everything; a whole run writes bench/RESULTS.md.
Ends with 1 when a row marked ! is missed, with 2 for a name that is unknown.
  --quick    one repetition
  --record   writes what the programs of bench/test/programs print with @google/adk`);
  process.exit(0);
}
const chosen = chooseGroups(GROUPS, positionals);

/** One line that changes while something lasts; line by line where there is no terminal. */
function progress(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[2K… ${text}` : `… ${text}\n`);
}

const repetitions = flags.quick ? 1 : REPETITIONS;
const [ours, peer] = [await ourSubject(progress), await peerSubject(progress)];
const bench: Bench = { ours, peer, repetitions, record: flags.record, progress };
const rows: Row[] = [];
for (const group of chosen) rows.push(...(await group.measure(bench)));
if (process.stderr.isTTY) process.stderr.write("\r\u001b[2K");

const measured = `${table(rows)}\n\n${conditions(ours, peer, repetitions)}\n`;
console.log(measured);
if (chosen.length === GROUPS.length && !flags.quick)
  writeFileSync(
    new URL("RESULTS.md", import.meta.url),
    `# The last \`npm run bench\`\n\nRows marked ! must be met; the others may be missed, and say so.\n\n${measured}`,
  );

const missed = rows.filter(({ must, met }) => must && met === false);
const musts = rows.filter(({ must }) => must);
console.log(`${musts.length - missed.length} of ${musts.length} rows marked ! are met`);
for (const { name, ours: figure, goal } of missed)
  console.log(`MISSED: ${name}: ${figure}, goal ${goal}`);
process.exitCode = missed.length === 0 ? 0 : 1;
