import { FaultProxy } from "@adk/test-services";
import { pause } from "../pause.ts";
import { openServerPlace } from "../stores/open-place.ts";
import type { Line } from "./line.ts";
import { underLoad } from "./under-load.ts";

const CUTS = 200;

/** Requests are carried out, and their replies never arrive. */
export const repliesLost: Line = {
  name: "replies-lost",
  stores: ["postgres", "redis"],
  fault: `${CUTS} connections are cut between a commit and its reply`,
  must: "nothing doubled",
  leastFaults: CUTS,
  needsUnknown: true,
  async run(context) {
    await using place = await openServerPlace(context.store);
    await using proxy = await FaultProxy.start({ to: place.server.url });
    const services = [
      await place.open({ through: proxy }),
      await place.open({ through: proxy, maxTries: 1 }),
    ];
    const direct = await place.open();
    const durability = await place.durability();
    const final = await underLoad(context, {
      services,
      direct,
      following: await place.open({ through: proxy }),
      sessions: 6,
      faults: CUTS,
      async disturb(n) {
        proxy.cutAfter(1, context.store === "postgres" ? /adk_append|B\0/ : /evalsha/i);
        while (proxy.cuts <= n) await pause(1);
      },
    });
    return { durability, faults: proxy.cuts, final };
  },
};
