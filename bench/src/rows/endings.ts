import type { Group, Row } from "../bench.ts";
import { inChild } from "../in-child.ts";
import { median, short } from "../numbers.ts";

interface Left {
  readonly grown: number;
  readonly leases: number;
  readonly listeners: number;
  readonly resources: string;
}

const MB = 1_000_000;

/** The peer has neither leases nor an end for a tool that hangs: nothing to compare. */
export const endings: Group = {
  name: "endings",
  async measure(bench) {
    const results: Left[] = [];
    for (let round = 1; round <= bench.repetitions; round++) {
      bench.progress(`endings, ${round} of ${bench.repetitions}`);
      results.push(await inChild<Left>("endings", bench.ours));
    }
    const most = (of: (left: Left) => number): number => Math.max(...results.map(of));
    const grown = median(results.map((left) => left.grown));
    const row = (name: string, ours: string, goal: string, met: boolean): Row => ({
      name: `1,000 runs ended by return, abort, throw, a hanging tool: ${name}`,
      must: true,
      ours,
      goal,
      met,
    });
    const listeners = most((left) => left.listeners);
    const leases = most((left) => left.leases);
    const resources = results.find((left) => left.resources !== "")?.resources;
    return [
      row("active resources", resources ?? "as before", "as before", resources === undefined),
      row("listeners on the callers' signals", String(listeners), "0", listeners === 0),
      row("leases held", String(leases), "0", leases === 0),
      row("heap since run 200", `${short(grown / 1_000)} kB`, "≤ 1 MB", grown <= MB),
    ];
  },
};
