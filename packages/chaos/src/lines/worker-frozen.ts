import { Child } from "../children/child.ts";
import type { LeaseHolderParameters } from "../children/lease-holder.ts";
import { Worker } from "../load/worker.ts";
import { STORES } from "../stores/address.ts";
import { openPlace } from "../stores/open-place.ts";
import type { Line } from "./line.ts";
import { underLoad } from "./under-load.ts";

const FREEZES = 20;
const TTL_MS = 300;

/** A process stops where it stands, for longer than its lease, and then goes on as if nothing had been. */
export const workerFrozen: Line = {
  name: "worker-frozen",
  stores: STORES,
  fault: `a process is stopped ${FREEZES} times between its decision and its append, until another has taken over`,
  must: "nothing of it after the takeover",
  leastFaults: FREEZES,
  async run(context) {
    const { seed, random, history, tally } = context;
    await using place = await openPlace(context.store);
    const services = [await place.open(), await place.open({ maxTries: 1 })];
    const direct = await place.open();
    const durability = await place.durability();
    const taker = new Worker({ name: "taker", service: direct, recorder: history, tally, random });
    const parameters: LeaseHolderParameters = {
      address: place.address,
      name: "frozen",
      seed,
      ttlMs: TTL_MS,
    };
    let takeovers = 0;
    await using frozen = new Child("lease-holder", parameters, history);
    await frozen.ready();
    const final = await underLoad(context, {
      services,
      direct,
      following: await place.open(),
      writers: 8,
      faults: FREEZES,
      async disturb(n) {
        const { id } = await taker.create(`leased-${n}`);
        frozen.tell(id);
        await frozen.ready();
        await frozen.freeze();
        frozen.tell("go on");
        const { session, lease } = await taker.acquire(id, 60_000);
        // A later holder's event, or its release, or neither may stand between.
        const choice = n % 3;
        if (choice > 0) await taker.append(session, { delta: { taker: n }, lease });
        if (choice > 1) await lease.release();
        frozen.signal("SIGCONT");
        await frozen.ready();
        if (choice <= 1) await taker.append(session, { delta: { taker: "last" }, lease });
        await lease.release();
        takeovers++;
      },
    });
    tally.problems.push(...frozen.problems);
    const late = history.operations.filter(
      (each) => each.op === "append" && each.worker === "frozen" && each.code === "SESSION_FENCED",
    );
    if (late.length !== takeovers)
      tally.problems.push(`${late.length} of ${takeovers} late appends got SESSION_FENCED`);
    return {
      durability,
      faults: takeovers,
      final,
      notes: [`${takeovers} takeovers, ${late.length} late appends refused`],
    };
  },
};
