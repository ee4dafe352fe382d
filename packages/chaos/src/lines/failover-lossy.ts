import { AdkError, createEvent, type BaseSessionService } from "@adk/core";
import { APP_NAME, Worker } from "../load/worker.ts";
import type { Tally } from "../load/tally.ts";
import { pause } from "../pause.ts";
import { replicatedPlace, type ReplicatedPlace } from "../stores/replicated-place.ts";
import type { Line } from "./line.ts";
import { underLoad } from "./under-load.ts";

const FAILOVERS = 3;
const BEHIND_MS = 300;

/** The replica lags behind what was acknowledged when the primary dies: it is lost, and not in silence. */
export const failoverLossy: Line = {
  name: "failover-lossy",
  stores: ["postgres", "redis"],
  fault: `the same, ${FAILOVERS} times, where nothing waits for the replica`,
  must: "the loss is counted; SESSION_REGRESSED for who holds a newer sequence, cursor or lease",
  leastFaults: FAILOVERS,
  async run(context) {
    const { history, tally, random } = context;
    await using place = await replicatedPlace(context.store, false);
    const services = [await place.open({ maxTries: 12 }), await place.open({ maxTries: 1 })];
    const direct = await place.open({ maxTries: 12 });
    const durability = await place.durability();
    const holder = new Worker({
      name: "holder",
      service: direct,
      recorder: history,
      tally,
      random,
    });
    const final = await underLoad(context, {
      services,
      direct,
      faults: FAILOVERS,
      disturb: async (n) => await loseSomeOf(place, { holder, direct, tally, n }),
    });
    return { durability, faults: FAILOVERS, final, lossIsCounted: true };
  },
};

interface Losing {
  readonly holder: Worker;
  readonly direct: BaseSessionService;
  readonly tally: Tally;
  readonly n: number;
}

/** Three sessions of which the replica has the first events only: one for each thing that can be held. */
async function loseSomeOf(
  place: ReplicatedPlace,
  { holder, direct, tally, n }: Losing,
): Promise<void> {
  const held = ["sequence", "cursor", "lease"].map((what) => ({ what, id: `held-${n}-${what}` }));
  const [bySequence, byCursor, byLease] = await Promise.all(
    held.map(async ({ id }) => await holder.create(id)),
  );
  for (const session of [bySequence, byCursor, byLease])
    for (let count = 0; count < 3; count++) await holder.append(session!);
  await pause(BEHIND_MS);
  place.freezeReplication();
  const { session: leased, lease } = await holder.acquire(byLease!.id, 60_000);
  await holder.append(leased, { lease });
  for (let count = 0; count < 3; count++) {
    await holder.append(bySequence!);
    await holder.append(byCursor!);
  }
  await pause(BEHIND_MS);
  await place.failOver();
  const event = (): ReturnType<typeof createEvent> => createEvent({ author: "user" });
  const calls: Record<string, () => Promise<unknown>> = {
    sequence: async () => await direct.appendEvent({ session: bySequence!, event: event() }),
    cursor: async () =>
      await direct
        .subscribe({
          appName: APP_NAME,
          userId: byCursor!.userId,
          sessionId: byCursor!.id,
          afterSequence: byCursor!.lastSequence,
        })
        .next(),
    lease: async () => await direct.appendEvent({ session: leased, event: event(), lease }),
  };
  for (const [what, call] of Object.entries(calls)) {
    const code = await holder.answered(call).then(
      () => "no error",
      (error: unknown) => (AdkError.isInstance(error) ? error.code : String(error)),
    );
    if (code !== "SESSION_REGRESSED")
      tally.problems.push(`who held a newer ${what} got ${code} after failover ${n + 1}`);
  }
}
