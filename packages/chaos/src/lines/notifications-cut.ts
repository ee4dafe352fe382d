import { FaultProxy } from "@adk/test-services";
import { followingThrough } from "../stores/following-through.ts";
import { openServerPlace } from "../stores/open-place.ts";
import type { Line } from "./line.ts";
import { underLoad } from "./under-load.ts";

/** Notifications break off, and then never come again. */
export const notificationsCut: Line = {
  name: "notifications-cut",
  stores: ["postgres", "redis"],
  fault: "the connection that listens is cut, swallowed and frozen, and stays so",
  must: "complete by polling alone",
  leastFaults: 3,
  async run(context) {
    await using place = await openServerPlace(context.store);
    await using proxy = await FaultProxy.start({ to: place.server.url });
    await using following = await followingThrough(place, proxy);
    const service = await place.open();
    const durability = await place.durability();
    const final = await underLoad(context, {
      services: [service],
      direct: service,
      following: following.service,
      writers: 4,
      sessions: 2,
      longestPauseMs: 3,
      faults: 3,
      async disturb(n) {
        if (n === 1) proxy.blackHole();
        if (n === 2) proxy.freeze();
        proxy.cutAll();
      },
    });
    return { durability, faults: 3, final };
  },
};
