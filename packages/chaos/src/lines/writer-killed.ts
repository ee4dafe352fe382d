import { Child } from "../children/child.ts";
import type { WriterParameters } from "../children/writer.ts";
import { openPlace } from "../stores/open-place.ts";
import { STORES } from "../stores/address.ts";
import type { Line } from "./line.ts";
import { underLoad } from "./under-load.ts";

const KILLS = 20;
const PROCESSES = 3;
const SESSIONS = 4;
/** Beside them, in this process: several appends at a time share a commit. */
const OTHERS = 12;

/** Processes die while they write, and others take their place. */
export const writerKilled: Line = {
  name: "writer-killed",
  stores: STORES,
  fault: `${KILLS} of the processes that write are killed, beside others that go on`,
  must: "nothing lost, doubled or out of order; state exact",
  leastFaults: KILLS,
  needsUnknown: true,
  async run(context) {
    const { seed, history, tally } = context;
    await using place = await openPlace(context.store);
    const direct = await place.open();
    const durability = await place.durability();
    const following = await place.open();
    await using stack = new AsyncDisposableStack();
    const children: Child[] = [];
    let born = 0;
    const start = (): Child => {
      const parameters: WriterParameters = {
        address: place.address,
        name: `p${born}`,
        sessionId: `s${born % SESSIONS}`,
        seed,
        longestPauseMs: 1,
      };
      born++;
      const child = new Child("writer", parameters, history);
      stack.defer(async () => {
        await child[Symbol.asyncDispose]();
        tally.problems.push(...child.problems);
      });
      return child;
    };
    const final = await underLoad(context, {
      services: [direct],
      following,
      direct,
      writers: OTHERS,
      sessions: SESSIONS,
      faults: KILLS,
      async disturb() {
        while (children.length < PROCESSES) children.push(start());
        const victim = children.shift();
        children.push(start());
        await victim?.ready();
        // In the middle of an operation, which it has told before it began.
        await victim?.asks();
        victim?.signal("SIGKILL");
      },
      async settle() {
        await stack.disposeAsync();
      },
    });
    return { durability, faults: KILLS, final };
  },
};
