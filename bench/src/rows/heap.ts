import type { Group } from "../bench.ts";
import { interleaved } from "../in-child.ts";
import { short } from "../numbers.ts";

const GOAL_BYTES = 600;

export const heap: Group = {
  name: "heap",
  async measure(bench) {
    const { ours, peer } = await interleaved<"bytes">(bench, "heap");
    return [
      {
        name: "sessions in memory, 1,000 × 100 events: heap for an event",
        must: false,
        ours: `${short(ours.bytes)} bytes`,
        peer: `${short(peer.bytes)} bytes`,
        ratio: peer.bytes / ours.bytes,
        goal: `≤ ${GOAL_BYTES} bytes`,
        met: ours.bytes <= GOAL_BYTES,
      },
    ];
  },
};
