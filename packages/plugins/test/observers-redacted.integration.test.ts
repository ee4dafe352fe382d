import { freshSchema, sharedPostgres } from "@adk/test-services";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { PostgresSink } from "../src/analytics/index.ts";
import { found, PATHS } from "./support/secrets-everywhere.ts";
import { STORES, world } from "./support/world.ts";
import { type Place, writtenByObservers } from "./support/written-by-observers.ts";

/** All that PostgreSQL has of the story, as the text of whole rows and of their columns. */
async function tableOf(store: (typeof STORES)[number], place: Place): Promise<string> {
  await using w = await world(store);
  await using schema = await freshSchema(await sharedPostgres());
  const pool = new pg.Pool({ connectionString: schema.url, max: 2 });
  const name = pg.escapeIdentifier(schema.schema);
  try {
    await pool.query(`create schema ${name}`);
    const sink = new PostgresSink({ client: pool, schema: schema.schema });
    await sink.createTable();
    const { lost } = await writtenByObservers(w, place, "fail", sink);
    expect(lost).toBe(0);
    const { rows } = await pool.query<object>(
      `select *, rows::text as whole from ${name}.agent_events as rows`,
    );
    expect(rows.length).toBeGreaterThan(40);
    return rows
      .flatMap((row) => Object.values(row) as unknown[])
      .map((value) => (typeof value === "string" ? value : JSON.stringify(value)))
      .join("\n");
  } finally {
    await pool.end();
  }
}

describe.each(STORES)("analytics in PostgreSQL, of runs on %s", (store) => {
  it.each(["first", "last"] as const)("has none of 20 secrets, redaction %s", async (place) => {
    const table = await tableOf(store, place);
    expect(found(table)).toEqual([]);
    expect(table.split("[redacted]").length).toBeGreaterThan(20);
  });

  it("has them without it: it is what keeps them out", async () => {
    const without = ["messageFile", "metadata", "stateOfRequest"];
    expect(found(await tableOf(store, "nowhere"))).toEqual(
      PATHS.filter((path) => !without.includes(path)),
    );
  });
});
