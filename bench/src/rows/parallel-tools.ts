import type { Group } from "../bench.ts";
import { interleaved } from "../in-child.ts";
import { short } from "../numbers.ts";

const GOAL_MS = 105;

export const parallelTools: Group = {
  name: "tools",
  async measure(bench) {
    const { ours, peer } = await interleaved<"ms">(bench, "parallel-tools");
    return [
      {
        name: "8 tools of 100 ms in one answer",
        must: true,
        ours: `${short(ours.ms)} ms`,
        peer: `${short(peer.ms)} ms`,
        ratio: peer.ms / ours.ms,
        goal: `≤ ${GOAL_MS} ms`,
        met: ours.ms <= GOAL_MS,
      },
    ];
  },
};
