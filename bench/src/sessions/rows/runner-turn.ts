import * as core from "@adk/core";
import { PostgresSessionService } from "@adk/sessions-postgres";
import { SqliteSessionService } from "@adk/sessions-sqlite";
import { freshSchema } from "@adk/test-services";
import { join } from "node:path";
import { message, scripted, text, type Adk } from "../../children/adk.ts";
import { median, short } from "../../numbers.ts";
import { BareDisk } from "../fsync.ts";
import { callsInTurn, ratioOf } from "../in-turn.ts";
import { eventParams, newEvent } from "../payload.ts";
import { closePeer, filledPeer } from "../peer.ts";
import { connected, newDatabase, writingTransactions } from "../postgres.ts";
import { commitsInWal, walFile } from "../sqlite.ts";
import { KEY, type Line, type SessionsBench, type SessionsGroup } from "../sessions-bench.ts";

const SIZE = 1_000;
const GOAL = 10;

/** Whole turns of the Runner in a session with a past: a message, the model's answer. */
export const runnerTurn: SessionsGroup = {
  name: "runner-turn",
  async measure(bench: SessionsBench): Promise<Line[]> {
    return [await onPostgres(bench), await onSqlite(bench)];
  },
};

async function onPostgres(bench: SessionsBench): Promise<Line> {
  const { peer, postgres, progress } = bench;
  await using place = await freshSchema(postgres);
  const { schema } = place;
  await using service = await PostgresSessionService.connect(postgres.url, { schema });
  const theirs = new peer.DatabaseSessionService(await newDatabase(postgres, "peer_turn"));
  progress("runner-turn, filling PostgreSQL");
  const turns = await prepare(bench, service, theirs);
  await using watcher = await connected(postgres.url);
  const line = await compared("PostgreSQL", bench, turns, async () => {
    return await writingTransactions(watcher);
  });
  await closePeer(theirs);
  return line;
}

async function onSqlite(bench: SessionsBench): Promise<Line> {
  const { peer, folder, progress } = bench;
  const files = { ours: join(folder, "turn.db"), peer: walFile(join(folder, "peer-turn.db")) };
  await using service = await SqliteSessionService.connect({ path: files.ours });
  const theirs = new peer.DatabaseSessionService(`sqlite://${files.peer}`);
  progress("runner-turn, filling SQLite");
  const turns = await prepare(bench, service, theirs);
  const line = await compared("SQLite", bench, turns, (who) => commitsInWal(files[who]));
  await closePeer(theirs);
  return line;
}

type Turns = Record<"ours" | "peer", () => Promise<void>>;

async function prepare(
  { peer }: SessionsBench,
  service: core.BaseSessionService,
  theirs: core.BaseSessionService,
): Promise<Turns> {
  const session = await service.createSession(KEY);
  await Promise.all(
    Array.from({ length: SIZE }, async () => {
      await service.appendEvent({ session, event: newEvent() });
    }),
  );
  const theirSession = await filledPeer(peer, theirs, eventParams(), SIZE);
  return {
    ours: turnOf(core, service, session.id),
    peer: turnOf(peer, theirs, theirSession.id),
  };
}

function turnOf(adk: Adk, sessionService: core.BaseSessionService, sessionId: string) {
  const model = scripted(adk, [[text("Here you are.")]]);
  const agent = new adk.LlmAgent({ name: "agent", model });
  const runner = new adk.Runner({ appName: KEY.appName, agent, sessionService });
  return async (): Promise<void> => {
    model.start();
    let seen = 0;
    const request = { userId: KEY.userId, sessionId, newMessage: message("Go on.") };
    for await (const event of runner.runAsync(request)) if (event.author === "agent") seen++;
    if (seen !== 1) throw new Error(`A turn of ${seen} answers instead of one.`);
  };
}

async function compared(
  name: string,
  { repetitions, isQuick, folder }: SessionsBench,
  turns: Turns,
  commits: (who: keyof Turns) => number | Promise<number>,
): Promise<Line> {
  using disk = new BareDisk(folder);
  const figures = await callsInTurn(
    { repetitions, calls: isQuick ? 3 : 15 },
    { ...turns, sync: async () => disk.sync() },
  );
  const committed = { ours: 0, peer: 0 };
  for (const who of ["ours", "peer"] as const) {
    const before = await commits(who);
    await turns[who]();
    committed[who] = (await commits(who)) - before;
  }
  const syncMs = median(figures.sync);
  const working = (who: keyof Turns): number =>
    Math.max(median(figures[who]) - committed[who] * syncMs, 0.1);
  const [whole, rest] = [ratioOf(figures.peer, figures.ours), working("peer") / working("ours")];
  return {
    name: `${name}, a turn of the Runner at ${SIZE.toLocaleString("en")} stored events`,
    must: true,
    ours: `${short(median(figures.ours))} ms, ${committed.ours} commits`,
    peer: `${short(median(figures.peer))} ms, ${committed.peer} commits`,
    goal: `≥ ${GOAL} × faster than the peer where the time is not fsync's`,
    found: `${rest.toFixed(1)} × without the commits' ${short(syncMs)} ms each; ${whole.toFixed(1)} × with them`,
    met: rest >= GOAL,
  };
}
