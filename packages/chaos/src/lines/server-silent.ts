import { FaultProxy } from "@adk/test-services";
import { pause } from "../pause.ts";
import { openServerPlace } from "../stores/open-place.ts";
import type { Line } from "./line.ts";
import { underLoad } from "./under-load.ts";

const TIMEOUT_MS = 500;
const SILENT_MS = 4_000;
/** A call makes two or three commands, and the machine may be busy. Without a deadline a call takes as long as the silence. */
const LONGEST_CALL_MS = 3_500;

/** The server accepts and never answers, for much longer than a command may take. */
export const serverSilent: Line = {
  name: "server-silent",
  stores: ["postgres", "redis"],
  fault: `three times, and in three ways, the server says nothing for ${SILENT_MS / 1_000} s`,
  must: `a typed error in time (${TIMEOUT_MS} ms a command) or success; recovery by itself; nothing half-written`,
  leastFaults: 3,
  needsUnknown: true,
  async run(context) {
    const { tally } = context;
    await using place = await openServerPlace(context.store);
    await using proxy = await FaultProxy.start({ to: place.server.url });
    const open = async (): ReturnType<typeof place.open> =>
      await place.open({ through: proxy, maxTries: 1, timeoutMs: TIMEOUT_MS });
    const services = [await open(), await open()];
    const direct = await place.open();
    const durability = await place.durability();
    const final = await underLoad(context, {
      services,
      direct,
      following: await place.open({ through: proxy, timeoutMs: TIMEOUT_MS }),
      faults: 3,
      async disturb(n) {
        if (n === 0) proxy.freeze();
        else if (n === 1) proxy.blackHole();
        else await place.server.freeze();
        await pause(SILENT_MS);
        if (n === 2) await place.server.thaw();
        else proxy.heal();
      },
    });
    if (tally.longestCallMs > LONGEST_CALL_MS)
      tally.problems.push(`a call took ${Math.round(tally.longestCallMs)} ms`);
    if (!tally.codes.has("TIMEOUT")) tally.problems.push("nobody got TIMEOUT");
    return {
      durability,
      faults: 3,
      final,
      notes: [`longest call ${Math.round(tally.longestCallMs)} ms`],
    };
  },
};
