import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../../../packages/core/test/support/packed.ts";
import type { Group } from "../bench.ts";
import { short } from "../numbers.ts";

const GOAL_BYTES = 40_000;

/** What size-limit says, with the settings that `npm test` uses. */
export const bundle: Group = {
  name: "bundle",
  async measure({ progress }) {
    progress("bundle");
    const sizeLimit = join(ROOT, "node_modules/size-limit/bin.js");
    // Its exit code tells whether the goal is met; the size comes either way.
    const { stdout } = spawnSync(process.execPath, [sizeLimit, "--json"], {
      cwd: ROOT,
      encoding: "utf8",
    });
    const [door] = JSON.parse(stdout) as { size: number }[];
    const bytes = door?.size ?? Number.NaN;
    return [
      {
        name: "main door, minified and gzipped",
        must: false,
        ours: `${short(bytes / 1_000)} kB`,
        goal: `≤ ${GOAL_BYTES / 1_000} kB`,
        met: bytes <= GOAL_BYTES,
      },
    ];
  },
};
