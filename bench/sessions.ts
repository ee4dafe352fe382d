// npm run bench:sessions [-- --quick] [-- append-8 …]: the durable stores beside @google/adk's database service.
import { startPostgres } from "@adk/test-services";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chooseGroups } from "./src/choose-groups.ts";
import { median, short } from "./src/numbers.ts";
import { fsyncMs } from "./src/sessions/fsync.ts";
import { linesTable } from "./src/sessions/lines.ts";
import { loadPeer } from "./src/sessions/peer.ts";
import { connected, valueOf } from "./src/sessions/postgres.ts";
import { appendEight } from "./src/sessions/rows/append-eight.ts";
import { appendOne } from "./src/sessions/rows/append-one.ts";
import { crowd } from "./src/sessions/rows/crowd.ts";
import { delivery } from "./src/sessions/rows/delivery.ts";
import { groupCommit } from "./src/sessions/rows/group-commit.ts";
import { load } from "./src/sessions/rows/load.ts";
import { redisAppend } from "./src/sessions/rows/redis-append.ts";
import { runnerTurn } from "./src/sessions/rows/runner-turn.ts";
import { sizes } from "./src/sessions/rows/sizes.ts";
import { sqliteAppend } from "./src/sessions/rows/sqlite-append.ts";
import { turnCost } from "./src/sessions/rows/turn-cost.ts";
import type { Line, SessionsBench, SessionsGroup } from "./src/sessions/sessions-bench.ts";
import { machine } from "./src/table.ts";

const GROUPS: readonly SessionsGroup[] = [
  appendOne,
  appendEight,
  groupCommit,
  turnCost,
  load,
  crowd,
  redisAppend,
  sqliteAppend,
  delivery,
  runnerTurn,
  sizes,
];
const REPETITIONS = 5;
/** What is read back and printed. */
const SETTINGS = ["server_version", "fsync", "synchronous_commit", "full_page_writes"];

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (flags.help) {
  console.log(`npm run bench:sessions -- [--quick] [${GROUPS.map(({ name }) => name).join(" | ")}] …

Measures the durable stores beside @google/adk's database service, in turn on the same servers and the same disk.
Without names, everything; a whole run writes bench/RESULTS-sessions.md. Ends with 1 when a row marked ! is missed,
with 2 for a name that is unknown.
  --quick    one repetition of a tenth of the work: whether everything works, not how fast`);
  process.exit(0);
}
const chosen = chooseGroups(GROUPS, positionals);

/** One line that changes while something lasts; line by line where there is no terminal. */
function progress(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[2K… ${text}` : `… ${text}\n`);
}

const startedAt = performance.now();
const peer = await loadPeer(progress);
const folder = mkdtempSync(join(tmpdir(), "adk-bench-"));
try {
  // No checkpoint of its own while somebody is measured.
  const settings = { checkpoint_timeout: "1h", max_wal_size: "16GB", shared_buffers: "512MB" };
  await using postgres = await startPostgres({ onDisk: true, settings });
  const repetitions = flags.quick ? 1 : REPETITIONS;
  const bench: SessionsBench = {
    peer,
    postgres,
    folder,
    repetitions,
    isQuick: flags.quick,
    progress,
  };
  const lines: Line[] = [];
  const syncs: number[] = [fsyncMs(folder)];
  const loads: number[] = [];
  for (const group of chosen) {
    progress(group.name);
    loads.push(loadavg()[0]!);
    lines.push(...(await group.measure(bench)));
    syncs.push(fsyncMs(folder));
  }
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[2K");
  await using client = await connected(postgres.url);
  const effective: string[] = [];
  for (const name of SETTINGS) effective.push(`${name} ${await valueOf(client, `show ${name}`)}`);
  const conditions = [
    `@google/adk 2.0.0 (mikro-orm) and @adk on ${machine()}.`,
    `PostgreSQL: ${effective.join(", ")}; both sides' pools of 10; SQLite: WAL, synchronous FULL, both sides.`,
    `Events of 1 KB. A bare fdatasync of 8 KB: ${syncs.map((ms) => short(ms)).join(", ")} ms (median ${short(median(syncs))}); load of the machine ${loads.map((value) => value.toFixed(1)).join(", ")}.`,
    `Medians of ${repetitions} repetitions, contenders in turn; ratios are medians of each repetition's ratio: compare them, not the figures of two runs.`,
    `Took ${short((performance.now() - startedAt) / 1_000)} s.`,
  ].join("\n");
  const measured = `${linesTable(lines)}\n\n${conditions}\n`;
  console.log(measured);
  if (chosen.length === GROUPS.length && !flags.quick)
    writeFileSync(
      new URL("RESULTS-sessions.md", import.meta.url),
      `# The last \`npm run bench:sessions\`\n\nRows marked ! must be met; the others may be missed, and say so.\n\n${measured}`,
    );
  const musts = lines.filter(({ must }) => must);
  const missed = musts.filter(({ met }) => met === false);
  console.log(`${musts.length - missed.length} of ${musts.length} rows marked ! are met`);
  for (const { name, ours, found, goal } of missed)
    console.log(`MISSED: ${name}: ${found ?? ours}, goal ${goal}`);
  process.exitCode = missed.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
