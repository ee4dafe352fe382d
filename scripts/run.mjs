// npm run NAME, for each name below: sets up, then runs the program. Arguments after `--` are the program's.
import { runNode } from "./run-node.mjs";
import { giveUp } from "./setup.mjs";

const PROGRAMS = {
  parity: { file: "packages/parity/src/main.ts" },
  crash: { file: "packages/parity/src/crash/main.ts" },
  chaos: { file: "packages/chaos/src/main.ts" },
  tarballs: { file: "scripts/tarballs.mjs" },
  "api-docs": { file: "packages/api-docs/src/main.ts" },
  "release:dry": { file: "scripts/release-dry.mjs" },
  "approval-desk": { file: "apps/approval-desk/main.ts" },
  "ported-bot": { file: "apps/ported-bot/main.ts" },
  "two-workers": { file: "apps/two-workers/main.ts" },
  "report-writer": { file: "apps/report-writer/main.ts" },
  "guarded-agent": { file: "apps/guarded-agent/main.ts" },
  bench: { file: "bench/main.ts", flags: ["--expose-gc"] },
  "bench:sessions": { file: "bench/sessions.ts" },
  "bench:artifacts": { file: "bench/artifacts.ts" },
};

const [name, ...args] = process.argv.slice(2);
const program = Object.hasOwn(PROGRAMS, name ?? "") ? PROGRAMS[name] : undefined;
if (program === undefined) giveUp(`Name one of the programs: ${Object.keys(PROGRAMS).join(", ")}.`);
runNode(program.file, { ...program, args });
