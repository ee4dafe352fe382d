import { PostgresSessionService } from "@adk/sessions-postgres";
import { freshSchema } from "@adk/test-services";
import pg from "pg";
import { short } from "../../numbers.ts";
import { BARE_TABLE, bareWriter } from "../bare-insert.ts";
import { callsInTurn, ratioOf } from "../in-turn.ts";
import { median } from "../../numbers.ts";
import { eventParams, newEvent, storedBytes } from "../payload.ts";
import { closePeer, filledPeer } from "../peer.ts";
import { connected, counted, newDatabase } from "../postgres.ts";
import { KEY, type Line, type SessionsGroup } from "../sessions-bench.ts";

const GOAL = 0.55;

/** One writer on PostgreSQL, beside a bare INSERT of the same bytes. */
export const appendOne: SessionsGroup = {
  name: "append-1",
  async measure({ peer, postgres, repetitions, isQuick }): Promise<Line[]> {
    await using place = await freshSchema(postgres);
    await using bare = await connected(postgres.url);
    await bare.query(BARE_TABLE);
    await using pool = Object.assign(new pg.Pool({ connectionString: postgres.url }), {
      [Symbol.asyncDispose]: async () => await pool.end(),
    });
    const { client, sent } = counted(pool);
    await using service = new PostgresSessionService({ client, schema: place.schema });
    const session = await service.createSession(KEY);
    const theirs = new peer.DatabaseSessionService(await newDatabase(postgres, "peer_append_1"));
    const theirSession = await filledPeer(peer, theirs, eventParams(), 1);

    let appends = 0;
    sent.length = 0;
    const figures = await callsInTurn(
      { repetitions, calls: isQuick ? 50 : 200 },
      {
        bare: bareWriter(bare, await storedBytes()),
        async ours() {
          appends++;
          await service.appendEvent({ session, event: newEvent() });
        },
        async peer() {
          const event = peer.createEvent(eventParams());
          await theirs.appendEvent({ session: theirSession, event });
        },
      },
    );
    const statements = sent.length / appends;
    await closePeer(theirs);
    const ratio = ratioOf(figures.bare, figures.ours);
    return [
      {
        name: "PostgreSQL, 1 writer: an append",
        must: false,
        ours: `${short(median(figures.ours))} ms`,
        bare: `${short(median(figures.bare))} ms`,
        peer: `${short(median(figures.peer))} ms`,
        goal: `≥ ${GOAL} × a bare INSERT; 1 statement`,
        found: `${ratio.toFixed(2)} ×; ${statements} statement${statements === 1 ? "" : "s"}; the peer ${ratioOf(figures.peer, figures.ours).toFixed(1)} × longer`,
        met: ratio >= GOAL && statements === 1,
      },
    ];
  },
};
