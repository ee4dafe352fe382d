import { PostgresSessionService } from "@adk/sessions-postgres";
import { freshSchema } from "@adk/test-services";
import { median, short } from "../../numbers.ts";
import { BARE_TABLE, bareWriter } from "../bare-insert.ts";
import { blocksInTurn, ratioOf, runWriters } from "../in-turn.ts";
import { eventParams, newEvent, storedBytes } from "../payload.ts";
import { closePeer, filledPeer } from "../peer.ts";
import { connected, newDatabase } from "../postgres.ts";
import { KEY, type Line, type SessionsGroup } from "../sessions-bench.ts";

const WRITERS = 8;
const GOAL = 15;

/** Eight writers, a session each. */
export const appendEight: SessionsGroup = {
  name: "append-8",
  async measure({ peer, postgres, repetitions, isQuick }): Promise<Line[]> {
    const blockMs = isQuick ? 200 : 1_000;
    await using place = await freshSchema(postgres);
    const { schema } = place;
    await using service = await PostgresSessionService.connect(postgres.url, { schema });
    const theirs = new peer.DatabaseSessionService(await newDatabase(postgres, "peer_append_8"));
    await using disposables = new AsyncDisposableStack();
    const data = await storedBytes();
    const writers = { ours: [], bare: [], peer: [] } as Record<
      "ours" | "bare" | "peer",
      (() => Promise<unknown>)[]
    >;
    for (let index = 0; index < WRITERS; index++) {
      const session = await service.createSession(KEY);
      writers.ours.push(async () => await service.appendEvent({ session, event: newEvent() }));
      const theirSession = await filledPeer(peer, theirs, eventParams(), 1);
      writers.peer.push(async () => {
        const event = peer.createEvent(eventParams());
        return await theirs.appendEvent({ session: theirSession, event });
      });
      const client = disposables.use(await connected(postgres.url));
      if (index === 0) await client.query(BARE_TABLE);
      writers.bare.push(bareWriter(client, data));
    }
    const failed = { ours: 0, bare: 0, peer: 0 };
    const block = (who: keyof typeof failed) => async () => {
      const { perSecond, failed: more } = await runWriters(writers[who], blockMs);
      failed[who] += more;
      return perSecond;
    };
    const figures = await blocksInTurn(repetitions, {
      ours: block("ours"),
      peer: block("peer"),
      bare: block("bare"),
    });
    await closePeer(theirs);
    const ratio = ratioOf(figures.ours, figures.peer);
    return [
      {
        name: "PostgreSQL, 8 writers: appends",
        must: true,
        ours: `${short(median(figures.ours))}/s, ${failed.ours} failed`,
        bare: `${short(median(figures.bare))}/s`,
        peer: `${short(median(figures.peer))}/s, ${failed.peer} failed`,
        goal: `≥ ${GOAL} × the peer`,
        found: `${ratio.toFixed(1)} ×; ${ratioOf(figures.ours, figures.bare).toFixed(2)} × bare INSERTs`,
        met: ratio >= GOAL && failed.ours === 0,
      },
    ];
  },
};
