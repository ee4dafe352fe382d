import { FaultProxy } from "@adk/test-services";
import { openServerPlace } from "../stores/open-place.ts";
import { cutSome } from "./cut-some.ts";
import type { Line } from "./line.ts";
import { underLoad } from "./under-load.ts";

const CUTS = 50;

/** Whoever follows loses its connections again and again. */
export const followerCut: Line = {
  name: "follower-cut",
  stores: ["postgres", "redis"],
  fault: `the connections of the followers are cut ${CUTS} times under 4 writers`,
  must: "no gap, nothing twice, all of it in the end",
  leastFaults: CUTS,
  async run(context) {
    await using place = await openServerPlace(context.store);
    await using proxy = await FaultProxy.start({ to: place.server.url });
    const service = await place.open();
    const durability = await place.durability();
    const final = await underLoad(context, {
      services: [service],
      direct: service,
      following: await place.open({ through: proxy }),
      writers: 4,
      sessions: 2,
      longestPauseMs: 3,
      faults: CUTS,
      disturb: async () => await cutSome(proxy),
    });
    return { durability, faults: CUTS, final, notes: [`${proxy.cuts} connections cut`] };
  },
};
