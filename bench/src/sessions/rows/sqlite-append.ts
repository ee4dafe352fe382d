import { SqliteSessionService, SqliteSessionStore } from "@adk/sessions-sqlite";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { median, short } from "../../numbers.ts";
import { callsInTurn, ratioOf } from "../in-turn.ts";
import { eventParams, newEvent, storedBytes } from "../payload.ts";
import { closePeer, filledPeer } from "../peer.ts";
import { walFile } from "../sqlite.ts";
import { KEY, type Line, type SessionsGroup } from "../sessions-bench.ts";

const GOAL = 0.7;

/** One writer on SQLite, beside the bare INSERT of the same bytes in the same folder. */
export const sqliteAppend: SessionsGroup = {
  name: "sqlite-append",
  async measure({ peer, folder, repetitions, isQuick }): Promise<Line[]> {
    const data = await storedBytes();
    using bare = new DatabaseSync(join(folder, "bare.db"));
    bare.exec(`pragma journal_mode = wal; pragma synchronous = full;
      create table event (sid integer, sequence integer, id text, data text, primary key (sid, sequence)); create unique index event_id on event (sid, id)`);
    const [begin, commit] = [bare.prepare("begin immediate"), bare.prepare("commit")];
    const insert = bare.prepare("insert into event values (1, ?, ?, ?)");
    let sequence = 0;

    await using store = new SqliteSessionStore({ path: join(folder, "store.db") });
    const key = { ...KEY, sessionId: "s", incarnation: "i" };
    await store.create({ ...key, initialState: {} });
    await using service = new SqliteSessionService({ path: join(folder, "service.db") });
    const session = await service.createSession(KEY);
    const theirs = new peer.DatabaseSessionService(`sqlite://${walFile(join(folder, "peer.db"))}`);
    const theirSession = await filledPeer(peer, theirs, eventParams(), 1);

    const figures = await callsInTurn(
      { repetitions, calls: isQuick ? 50 : 200 },
      {
        async bare() {
          begin.run();
          insert.run(++sequence, randomUUID(), data);
          commit.run();
        },
        async ours() {
          await service.appendEvent({ session, event: newEvent() });
        },
        async store() {
          await store.append({ ...key, id: randomUUID(), timestamp: Date.now(), data });
        },
        async peer() {
          const event = peer.createEvent(eventParams());
          await theirs.appendEvent({ session: theirSession, event });
        },
      },
    );
    await closePeer(theirs);
    const ratio = ratioOf(figures.bare, figures.ours);
    return [
      {
        name: "SQLite, FULL, on the disk: an append",
        must: false,
        ours: `${short(median(figures.ours))} ms; the store alone ${short(median(figures.store))} ms`,
        bare: `${short(median(figures.bare))} ms`,
        peer: `${short(median(figures.peer))} ms`,
        goal: `≥ ${GOAL} × a bare INSERT`,
        found: `${ratio.toFixed(2)} ×; the store alone ${ratioOf(figures.bare, figures.store).toFixed(2)} ×; the peer ${ratioOf(figures.peer, figures.ours).toFixed(1)} × longer`,
        met: ratio >= GOAL,
      },
    ];
  },
};
