import { PostgresSessionService } from "@adk/sessions-postgres";
import { freshSchema } from "@adk/test-services";
import { median, short } from "../../numbers.ts";
import { callsInTurn, ratioOf } from "../in-turn.ts";
import { eventParams, newEvent } from "../payload.ts";
import { closePeer, filledPeer } from "../peer.ts";
import { newDatabase } from "../postgres.ts";
import { KEY, type Line, type SessionsGroup } from "../sessions-bench.ts";

const GOALS = { faster: 7, equal: 1.3 };
const SIZE = 1_000;
const LAST = 50;
const [FEW, MANY] = [100, 10_000];

/** Loading whole sessions and their ends. */
export const load: SessionsGroup = {
  name: "load",
  async measure({ peer, postgres, repetitions, isQuick }): Promise<Line[]> {
    await using place = await freshSchema(postgres);
    // Without the events a process remembers: each load is that of a new process.
    await using service = await PostgresSessionService.connect(postgres.url, {
      schema: place.schema,
      maxCachedEvents: 0,
    });
    const filled = async (count: number): Promise<string> => {
      const session = await service.createSession(KEY);
      const appends = Array.from({ length: count }, () => newEvent());
      await Promise.all(
        appends.map(async (event) => await service.appendEvent({ session, event })),
      );
      return session.id;
    };
    const theirs = new peer.DatabaseSessionService(await newDatabase(postgres, "peer_load"));
    const theirSession = await filledPeer(peer, theirs, eventParams(), SIZE);
    const [thousand, few, many] = [await filled(SIZE), await filled(FEW), await filled(MANY)];

    const read = (sessionId: string, expected: number, config?: { numRecentEvents: number }) => {
      return async (): Promise<void> => {
        const found = await service.getSession({ ...KEY, sessionId, ...(config && { config }) });
        if (found?.events.length !== expected)
          throw new Error(`${found?.events.length} events were read instead of ${expected}.`);
      };
    };
    const whole = await callsInTurn(
      { repetitions, calls: isQuick ? 3 : 15 },
      {
        ours: read(thousand, SIZE),
        async peer() {
          await theirs.getSession({ ...KEY, sessionId: theirSession.id });
        },
      },
    );
    await closePeer(theirs);
    const config = { numRecentEvents: LAST };
    const calls = isQuick ? 50 : 250;
    const ends = await callsInTurn(
      { repetitions, calls },
      { few: read(few, LAST, config), many: read(many, LAST, config) },
    );
    const faster = ratioOf(whole.peer, whole.ours);
    const equal = ratioOf(ends.many, ends.few);
    return [
      {
        name: `PostgreSQL, load of ${SIZE.toLocaleString("en")} events, nothing remembered`,
        must: true,
        ours: `${short(median(whole.ours))} ms`,
        peer: `${short(median(whole.peer))} ms`,
        goal: `≥ ${GOALS.faster} × faster than the peer`,
        found: `${faster.toFixed(1)} ×`,
        met: faster >= GOALS.faster,
      },
      {
        name: `PostgreSQL, the last ${LAST} of ${FEW} and of ${MANY.toLocaleString("en")} events, ${(2 * calls * repetitions).toLocaleString("en")} reads in turn`,
        must: true,
        ours: `${short(median(ends.few))} and ${short(median(ends.many))} ms`,
        goal: `equal within ${GOALS.equal}`,
        found: `${equal.toFixed(2)} ×`,
        met: equal <= GOALS.equal && equal >= 1 / GOALS.equal,
      },
    ];
  },
};
