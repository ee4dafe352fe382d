import { createEvent } from "@adk/core";
import { PostgresSessionService } from "@adk/sessions-postgres";
import { freshSchema, startPostgres, type TestServer } from "@adk/test-services";
import pg from "pg";
import { eventParams } from "../payload.ts";
import { connected, counted } from "../postgres.ts";
import { KEY, type Line, type SessionsGroup } from "../sessions-bench.ts";
import { addBetween, TurnCosts, TurnWatch } from "../turn-watch.ts";

const EVENTS = 4;
const GOALS = { appends: 4, statements: 6, wal: 2, laterWal: 1.75, hot: 0.9 };
const EARLY = 10;
/** So many turns before and after the one that is asked about are counted with it. */
const AROUND = 5;
const SESSIONS = 3;

/** What a turn of four events costs: counted, not timed. */
export const turnCost: SessionsGroup = {
  name: "turn-cost",
  async measure({ isQuick }): Promise<Line[]> {
    // Its own: nothing else writes to the log that is counted, no vacuum of what others left either.
    await using postgres = await startPostgres({ onDisk: true, settings: { autovacuum: "off" } });
    const late = isQuick ? 100 : 1_000;
    const costs = new Map([EARLY, late].map((turn) => [turn, new TurnCosts()]));
    for (let index = 0; index < SESSIONS; index++) await runTurns(postgres, costs);
    return [...costs].map(([turn, sums]) => line(turn, sums));
  },
};

/** Turns in a new session up to the last that is asked about: open, four appends, release, as the Runner does it. */
async function runTurns(
  postgres: TestServer,
  asked: ReadonlyMap<number, TurnCosts>,
): Promise<void> {
  await using place = await freshSchema(postgres);
  const { schema } = place;
  await using watcher = await connected(postgres.url);
  const pool = new pg.Pool({ connectionString: postgres.url, max: 1 });
  const { client, sent } = counted(pool);
  await using service = new PostgresSessionService({ client, schema, notifications: "off" });
  const { id: sessionId } = await service.createSession(KEY);
  const watch = new TurnWatch(watcher, pool, schema);
  // None falls into what is counted: pages touched first after a checkpoint are written whole.
  await watcher.query("checkpoint");
  for (let turn = 1; turn <= Math.max(...asked.keys()) + AROUND; turn++) {
    const invocationId = `e-${turn}`;
    const costs = [...asked].find(([each]) => Math.abs(turn - each) <= AROUND)?.[1];
    const atStart = costs && (await watch.now());
    let atSecond = atStart;
    sent.length = 0;
    const { session, lease } = await service.openSession({
      ...KEY,
      sessionId,
      owner: "bench",
      ttlMs: 60_000,
    });
    for (let index = 0; index < EVENTS; index++) {
      if (index === 1 && costs) atSecond = await watch.now();
      const event = createEvent(eventParams(invocationId));
      await service.appendEvent({
        session,
        lease,
        event,
        ...(index === 0 && { header: { invocationId } }),
      });
    }
    const atLast = costs && (await watch.now());
    await lease.release({ ended: invocationId });
    if (!costs || !atStart || !atSecond || !atLast) continue;
    addBetween(costs.later, atSecond, atLast);
    addBetween(costs.whole, atStart, await watch.now());
    costs.turns++;
    costs.statements += sent.length;
    costs.appends += sent.filter(({ text }) => text.includes("adk_append")).length;
  }
  await pool.end();
}

function line(turn: number, { turns, appends, statements, whole, later }: TurnCosts): Line {
  const wal = whole.wal / whole.content;
  const laterWal = later.wal / later.content;
  const hot = later.hot / later.updates;
  const found = { appends: appends / turns, statements: statements / turns };
  return {
    name: `PostgreSQL, a turn of ${EVENTS} events, turn ${turn.toLocaleString("en")}`,
    must: true,
    ours: `${found.appends} append statements, ${found.statements} in all; WAL ${wal.toFixed(2)} × content; later appends ${laterWal.toFixed(2)} ×, ${Math.round(hot * 100)} % HOT`,
    goal: `${GOALS.appends}, ≤ ${GOALS.statements}; ≤ ${GOALS.wal} ×; ≤ ${GOALS.laterWal} ×, ≥ ${GOALS.hot * 100} %`,
    met:
      found.appends === GOALS.appends &&
      found.statements <= GOALS.statements &&
      wal <= GOALS.wal &&
      laterWal <= GOALS.laterWal &&
      hot >= GOALS.hot,
  };
}
