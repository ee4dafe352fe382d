import { FaultProxy } from "@adk/test-services";
import { openServerPlace } from "../stores/open-place.ts";
import { cutSome } from "./cut-some.ts";
import type { Line } from "./line.ts";
import { underLoad } from "./under-load.ts";

const CALLERS = 50;

/** All share one connection, and that is cut. */
export const poolOfOne: Line = {
  name: "pool-of-one",
  stores: ["postgres"],
  fault: `${CALLERS} callers share one connection, which is cut three times`,
  must: "all are served; recovery by itself",
  leastFaults: 3,
  async run(context) {
    await using place = await openServerPlace(context.store);
    await using proxy = await FaultProxy.start({ to: place.server.url });
    const durability = await place.durability();
    const final = await underLoad(context, {
      services: [await place.open({ through: proxy, maxConnections: 1 })],
      direct: await place.open(),
      following: await place.open(),
      writers: CALLERS,
      sessions: 10,
      longestPauseMs: 20,
      faults: 3,
      disturb: async () => await cutSome(proxy),
    });
    return { durability, faults: proxy.cuts, final };
  },
};
