import { openServerPlace } from "../stores/open-place.ts";
import type { Line } from "./line.ts";
import { underLoad } from "./under-load.ts";

/** The server dies without a word and is started again on what it had written. */
export const serverKilled: Line = {
  name: "server-killed",
  stores: ["postgres", "redis"],
  fault: "the server is stopped at once (PostgreSQL) or killed (Redis), under 12 writers",
  must: "nothing lost, doubled or out of order; state exact",
  leastFaults: 3,
  async run(context) {
    await using place = await openServerPlace(context.store);
    // Half of the workers have a service that repeats by itself; the others learn what is unknown, and repeat.
    const services = [await place.open(), await place.open({ maxTries: 1 })];
    const following = await place.open();
    const direct = await place.open({ maxTries: 30 });
    const durability = await place.durability();
    const faults = 3;
    const final = await underLoad(context, {
      services,
      following,
      direct,
      faults,
      async disturb() {
        if (context.store === "postgres") await place.server.stopAtOnce();
        else await place.server.kill();
        await place.server.start();
      },
    });
    return { durability, faults, final };
  },
};
