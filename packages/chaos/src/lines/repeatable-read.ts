import { PostgresSessionService } from "@adk/sessions-postgres";
import pg from "pg";
import { askPostgres } from "../stores/ask-postgres.ts";
import { postgresPlace, SCHEMA } from "../stores/postgres-place.ts";
import type { Line } from "./line.ts";
import { underLoad } from "./under-load.ts";

const POOLS = 3;

/** A role whose default isolation makes appends that meet fail, over pools of the application. */
export const repeatableRead: Line = {
  name: "repeatable-read",
  stores: ["postgres"],
  fault: "the role's default isolation is repeatable read: transactions that meet fail",
  must: "success, by repeating; check() says so",
  leastFaults: 3,
  async run(context) {
    const { tally } = context;
    await using place = await postgresPlace();
    const { url } = place.server;
    await askPostgres(
      url,
      "alter role postgres set default_transaction_isolation = 'repeatable read'",
    );
    await using stack = new AsyncDisposableStack();
    const open = async (): Promise<PostgresSessionService> => {
      const pool = new pg.Pool({ connectionString: url, max: 5 });
      pool.on("error", () => {});
      stack.defer(async () => await pool.end());
      return stack.use(new PostgresSessionService({ client: pool, schema: SCHEMA }));
    };
    const services = await Promise.all(Array.from({ length: POOLS }, open));
    const [first] = services as [PostgresSessionService];
    const { problems } = await first.check();
    if (!problems.some(({ message }) => message.includes("repeatable read")))
      tally.problems.push("check() does not say that the default is repeatable read");
    const durability = await place.durability();
    const final = await underLoad(context, {
      services,
      direct: await place.open(),
      following: first,
      faults: 0,
      disturb: async () => {},
    });
    const faults = await rolledBack(url);
    return { durability, faults, final, notes: [`${faults} transactions were rolled back`] };
  },
};

/** Connections tell what they counted when they are idle for a moment. */
async function rolledBack(url: string): Promise<number> {
  const { n } = await askPostgres(
    url,
    "select xact_rollback::int as n from pg_stat_database where datname = current_database()",
  );
  return Number(n);
}
