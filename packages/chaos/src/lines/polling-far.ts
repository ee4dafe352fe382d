import { FaultProxy } from "@adk/test-services";
import { openServerPlace } from "../stores/open-place.ts";
import { latenciesMs, percentile } from "../history/latencies.ts";
import { cutSome } from "./cut-some.ts";
import type { Line } from "./line.ts";
import { underLoad } from "./under-load.ts";

const POLL_MS = 60_000;
/** Far below the next poll, also on a busy machine. */
const IN_TIME_MS = 15_000;

/** Who follows looks by itself once a minute, or less often: what it gets in time came by a notification. */
export const pollingFar: Line = {
  name: "polling-far",
  stores: ["postgres", "redis"],
  fault: `followers poll every ${POLL_MS / 1_000} s, and the connection that listens is cut three times`,
  must: `in time by notifications alone (within ${IN_TIME_MS / 1_000} s, a cut included)`,
  leastFaults: 3,
  async run(context) {
    const { tally, history } = context;
    await using place = await openServerPlace(context.store);
    await using proxy = await FaultProxy.start({ to: place.server.url });
    const service = await place.open();
    const durability = await place.durability();
    const final = await underLoad(context, {
      services: [service],
      direct: service,
      following: await place.open({ through: proxy, pollMs: POLL_MS }),
      followersWithinMs: IN_TIME_MS,
      writers: 4,
      sessions: 2,
      longestPauseMs: 3,
      faults: 3,
      disturb: async () => await cutSome(proxy),
    });
    const latencies = latenciesMs(history);
    const late = latencies.filter((ms) => ms > IN_TIME_MS).length;
    if (late > 0) tally.problems.push(`${late} events came later than ${IN_TIME_MS} ms`);
    const words = [50, 99, 100].map((p) => `p${p} ${percentile(latencies, p).toFixed(1)}`);
    return {
      durability,
      faults: 3,
      final,
      notes: [`from acknowledgement to yield, ms: ${words.join(", ")}`],
    };
  },
};
