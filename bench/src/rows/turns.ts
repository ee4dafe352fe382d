import type { Bench, Group, Row } from "../bench.ts";
import { interleaved } from "../in-child.ts";
import { short } from "../numbers.ts";

const KINDS = { plain: "plain turn", tool: "tool turn", stream: "50-chunk stream" };
const SIZES = [0, 100, 1_000, 5_000];
const FLAT = 1.3;

export const turns: Group = {
  name: "turns",
  async measure(bench: Bench): Promise<Row[]> {
    const { ours, peer } = await interleaved(bench, "turns");
    const row = (name: string, key: string, goal?: Pick<Row, "must" | "goal" | "met">): Row => ({
      name,
      must: false,
      ours: `${short(ours[key]!)} ms`,
      peer: `${short(peer[key]!)} ms`,
      ratio: peer[key]! / ours[key]!,
      ...goal,
    });
    const rows = Object.entries(KINDS).flatMap(([kind, name]) =>
      SIZES.map((size) => {
        const key = `${kind} ${size}`;
        const flat = ours[key]! / ours[`${kind} 0`]!;
        const goal =
          size === 0
            ? { must: true, goal: "not slower than the peer", met: ours[key]! <= peer[key]! }
            : size === 5_000
              ? {
                  must: true,
                  goal: `≤ ${FLAT} × ours at 0 (${flat.toFixed(2)})`,
                  met: flat <= FLAT,
                }
              : undefined;
        return row(`${name}, ${size.toLocaleString("en")} stored events`, key, goal);
      }),
    );
    return [...rows, row("the first turn of a runner, 5,000 stored events", "plain first 5000")];
  },
};
