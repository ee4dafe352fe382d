import type { Group, Row } from "../bench.ts";
import { inChild } from "../in-child.ts";
import { median, short } from "../numbers.ts";

const FLAT = 1.3;
const PAIRS = [
  { name: "a resumed turn", key: "resumed", small: 0, large: 5_000 },
  { name: "a turn in a session that is summed up", key: "summed up", small: 500, large: 50_000 },
];

/** The peer cannot resume a run from its log, nor load less than a whole session: nothing to compare. */
export const longSessions: Group = {
  name: "long-sessions",
  async measure(bench) {
    const results: Record<string, number>[] = [];
    for (let round = 1; round <= bench.repetitions; round++) {
      bench.progress(`long-sessions, ${round} of ${bench.repetitions}`);
      results.push(await inChild<Record<string, number>>("long-sessions", bench.ours));
    }
    const ms = (key: string): number => median(results.map((result) => result[key]!));
    return PAIRS.flatMap(({ name, key, small, large }): Row[] => {
      const [few, many] = [ms(`${key} ${small}`), ms(`${key} ${large}`)];
      const flat = many / few;
      const row = (size: number, taken: number): Row => ({
        name: `${name}, ${size.toLocaleString("en")} stored events`,
        must: false,
        ours: `${short(taken)} ms`,
      });
      const goal = `≤ ${FLAT} × ours at ${small} (${flat.toFixed(2)})`;
      return [row(small, few), { ...row(large, many), must: true, goal, met: flat <= FLAT }];
    });
  },
};
