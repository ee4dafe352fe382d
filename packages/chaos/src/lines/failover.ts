import { now } from "../history/now.ts";
import { pause } from "../pause.ts";
import { replicatedPlace } from "../stores/replicated-place.ts";
import type { Line } from "./line.ts";
import { underLoad } from "./under-load.ts";

const FAILOVERS = 3;
const FROZEN_MS = 500;

/** What is acknowledged is on the replica, which has stood still for a moment when the primary dies. */
export const failover: Line = {
  name: "failover",
  stores: ["postgres", "redis"],
  fault: `the replica freezes, then the primary dies and the replica takes over, ${FAILOVERS} times; a synchronous standby, or replicas: 1`,
  must: "nothing lost; nothing acknowledged while the replica is frozen",
  leastFaults: FAILOVERS,
  needsUnknown: true,
  async run(context) {
    const { history, tally } = context;
    await using place = await replicatedPlace(context.store, true);
    const services = [await place.open({ maxTries: 12 }), await place.open({ maxTries: 1 })];
    const direct = await place.open({ maxTries: 12 });
    const durability = await place.durability();
    const frozen: { readonly from: number; readonly to: number }[] = [];
    // Redis shows readers what no replica has yet, and WAIT keeps only writers waiting for that: nobody reads meanwhile.
    const showsUnconfirmed = context.store === "redis";
    const final = await underLoad(context, {
      services,
      direct,
      ...(!showsUnconfirmed && { following: await place.open() }),
      faults: FAILOVERS,
      async disturb() {
        place.freezeReplication();
        const from = now();
        await pause(FROZEN_MS);
        frozen.push({ from, to: now() });
        await place.failOver();
        if (showsUnconfirmed) history.forgetReads({ from, to: now() });
      },
    });
    const early = history.operations.filter(
      ({ op, outcome, invoke, return: answered }) =>
        op === "append" &&
        outcome === "ok" &&
        frozen.some(({ from, to }) => invoke > from && answered < to),
    );
    if (early.length > 0)
      tally.problems.push(`${early.length} appends were acknowledged while the replica was frozen`);
    return { durability, faults: FAILOVERS, final };
  },
};
