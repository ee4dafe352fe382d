import { PostgresSessionService, type QueryConfig } from "@adk/sessions-postgres";
import { freshSchema, type TestServer } from "@adk/test-services";
import pg from "pg";
import { median, short } from "../../numbers.ts";
import { callsInTurn, ratioOf } from "../in-turn.ts";
import { newEvent, storedBytes } from "../payload.ts";
import { connected, counted } from "../postgres.ts";
import { KEY, type Line, type SessionsBench, type SessionsGroup } from "../sessions-bench.ts";

const EVENTS = 10;
const GOALS = { times: 1.15, buffers: 6 };

/** A small session alone, and among a million events of others. */
export const crowd: SessionsGroup = {
  name: "crowd",
  async measure({ postgres, repetitions, isQuick, progress }: SessionsBench): Promise<Line[]> {
    const others = isQuick ? 20_000 : 1_000_000;
    await using stack = new AsyncDisposableStack();
    const alone = stack.use(await smallSession(postgres));
    const among = stack.use(await smallSession(postgres));
    progress(`crowd, ${others.toLocaleString("en")} rows of others`);
    await among.addOthers(others);
    const figures = await callsInTurn(
      { repetitions, calls: isQuick ? 50 : 400 },
      { alone: alone.read, among: among.read },
    );
    const times = ratioOf(figures.among, figures.alone);
    const buffers = { alone: await alone.buffers(), among: await among.buffers() };
    const more = buffers.among - buffers.alone;
    return [
      {
        name: `PostgreSQL, load of a session of ${EVENTS} events among ${others.toLocaleString("en")} rows of others`,
        must: true,
        ours: `${short(median(figures.among))} ms, ${buffers.among} buffers; alone ${short(median(figures.alone))} ms, ${buffers.alone}`,
        goal: `≤ ${GOALS.times} ×, ≤ +${GOALS.buffers} buffers`,
        found: `${times.toFixed(2)} ×, ${more < 0 ? "" : "+"}${more}`,
        met: times <= GOALS.times && more <= GOALS.buffers,
      },
    ];
  },
};

interface SmallSession extends AsyncDisposable {
  read(): Promise<void>;
  addOthers(rows: number): Promise<void>;
  /** What the server touches to answer the read, by its own account. */
  buffers(): Promise<number>;
}

async function smallSession(postgres: TestServer): Promise<SmallSession> {
  const place = await freshSchema(postgres);
  const { schema } = place;
  const pool = new pg.Pool({ connectionString: postgres.url });
  const { client, sent } = counted(pool);
  const service = new PostgresSessionService({ client, schema, maxCachedEvents: 0 });
  const session = await service.createSession(KEY);
  for (let index = 0; index < EVENTS; index++)
    await service.appendEvent({ session, event: newEvent() });
  const analyse = `vacuum analyze ${schema}.adk_session, ${schema}.adk_session_doc, ${schema}.adk_session_state, ${schema}.adk_event`;
  const read = async (): Promise<void> => {
    await service.getSession({ ...KEY, sessionId: session.id });
  };
  await pool.query(analyse);
  return {
    read,
    async addOthers(rows) {
      const data = await storedBytes();
      await pool.query(
        `insert into ${schema}.adk_session (app_name, user_id, session_id, incarnation, create_time, last_sequence, last_update_time)
         select 'bench', 'user-' || (n % 1000), gen_random_uuid()::text, gen_random_uuid()::text, 0, ${EVENTS}, 0
         from generate_series(1, $1::int) n`,
        [rows / EVENTS],
      );
      await pool.query(
        `insert into ${schema}.adk_session_doc (sid, initial_state) select s.sid, '{}' from ${schema}.adk_session s where s.create_time = 0`,
      );
      await pool.query(
        `insert into ${schema}.adk_event (sid, sequence, id, timestamp, data)
         select s.sid, n, gen_random_uuid()::text, 0, $1 from ${schema}.adk_session s, generate_series(1, ${EVENTS}) n where s.create_time = 0`,
        [data],
      );
      await pool.query(analyse);
    },
    async buffers() {
      sent.length = 0;
      await read();
      const { text, values } = sent[0] as QueryConfig;
      await using watcher = await connected(postgres.url);
      const explain = {
        text: `explain (analyze, buffers, format json) ${text}`,
        values: values ?? [],
      };
      // The first one reads the catalogue, too.
      await watcher.query(explain);
      const { rows } = await watcher.query<{ "QUERY PLAN": [{ Plan: Record<string, number> }] }>(
        explain,
      );
      const plan = rows[0]!["QUERY PLAN"][0].Plan;
      return plan["Shared Hit Blocks"]! + plan["Shared Read Blocks"]!;
    },
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await pool.end();
      await place[Symbol.asyncDispose]();
    },
  };
}
