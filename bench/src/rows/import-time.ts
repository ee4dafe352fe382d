import { execFileSync } from "node:child_process";
import type { Group } from "../bench.ts";
import { median, short } from "../numbers.ts";

const GOAL_MS = 20;

/** What a process that only imports takes longer than one that does nothing. */
export const importTime: Group = {
  name: "import",
  async measure({ ours, peer, repetitions, progress }) {
    const programs = {
      bare: "",
      ours: `import ${JSON.stringify(ours.url)}`,
      peer: `import ${JSON.stringify(peer.url)}`,
    };
    const taken = { bare: [] as number[], ours: [] as number[], peer: [] as number[] };
    const rounds = repetitions * 3;
    for (let round = 0; round <= rounds; round++) {
      progress(`import, ${round} of ${rounds}`);
      for (const who of ["bare", "ours", "peer"] as const) {
        const ms = time(programs[who]);
        if (round > 0) taken[who].push(ms); // the first one fills the disk cache
      }
    }
    const bare = median(taken.bare);
    const oursMs = median(taken.ours) - bare;
    const peerMs = median(taken.peer) - bare;
    return [
      {
        name: `import of the main door, over bare Node (${short(bare)} ms)`,
        must: false,
        ours: `${short(oursMs)} ms`,
        peer: `${short(peerMs)} ms`,
        ratio: peerMs / oursMs,
        goal: `≤ ${GOAL_MS} ms`,
        met: oursMs <= GOAL_MS,
      },
    ];
  },
};

function time(program: string): number {
  const started = performance.now();
  execFileSync(process.execPath, ["--input-type=module", "-e", program], { stdio: "ignore" });
  return performance.now() - started;
}
