import { createRequire } from "node:module";
import { createEvent } from "@adk/core";
import { sessionServiceSuite, type SessionSubject } from "@adk/core/testing";
import { freshSchema, offered, sharedPostgres } from "@adk/test-services";
import pg from "pg";
import oldest from "pg-oldest";
import { afterAll, describe, expect, it } from "vitest";
import { PostgresSessionService, type Queryable } from "../src/index.ts";
import { postgresSubject } from "./support/subject.ts";

const server = await offered(sharedPostgres);
afterAll(async () => await server?.[Symbol.asyncDispose]());

const KEY = { appName: "app", userId: "user", sessionId: "session" };

describe.skipIf(!server)("drivers", () => {
  const url = server?.url ?? "";

  it("the oldest one of the range does what the newest does", async () => {
    const { version } = createRequire(import.meta.url)("pg-oldest/package.json") as {
      version: string;
    };
    expect(version).toBe("8.11.0");
    await using place = await freshSchema(server!);
    const pool = new oldest.Pool({ connectionString: url, max: 5 });
    const service = new PostgresSessionService({
      client: pool,
      schema: place.schema,
      pollMs: 600_000,
    });
    const session = await service.createSession({ ...KEY, state: { a: 1, "user:b": 2 } });
    const events = service.subscribe({ ...KEY, afterSequence: 0 })[Symbol.asyncIterator]();
    const first = events.next();
    const event = createEvent({
      author: "user",
      invocationId: "e",
      actions: { stateDelta: { a: 2 } },
    });
    await service.appendEvent({ session, event });
    expect((await first).value).toMatchObject({ sequence: 1 });
    expect((await service.getSession(KEY))?.state).toEqual({ a: 2, "user:b": 2 });
    await expect
      .poll(async () => await service.check(), { timeout: 5_000 })
      .toEqual({ problems: [] });
    await events.return?.();
    await service[Symbol.asyncDispose]();
    await pool.end();
  });

  it("a client of two methods is enough, whatever parsers of types it has; without `connect` followers poll", async () => {
    await using place = await freshSchema(server!);
    const pool = new pg.Pool({
      connectionString: url,
      types: {
        getTypeParser: () => (text: string) => (/^\d+$/.test(text) ? BigInt(text) : text),
      } as never,
    });
    const client: Queryable = {
      query: async (config) => await pool.query(config),
    };
    const service = new PostgresSessionService({ client, schema: place.schema, pollMs: 20 });
    const session = await service.createSession(KEY);
    const events = service.subscribe({ ...KEY, afterSequence: 0 })[Symbol.asyncIterator]();
    const first = events.next();
    await service.appendEvent({
      session,
      event: createEvent({ author: "user", invocationId: "e" }),
    });
    expect((await first).value).toMatchObject({ sequence: 1 });
    expect((await service.listSessions({ appName: "app" })).sessions[0]?.lastSequence).toBe(1);
    await events.return?.();
    await service[Symbol.asyncDispose]();
    await pool.end();
  });

  /** `ADK_TEST_MATRIX=1`: what not every run must do. */
  if (process.env["ADK_TEST_MATRIX"])
    sessionServiceSuite(
      { describe, it },
      {
        name: "sessions with pg 8.11.0",
        store: async (): Promise<SessionSubject> =>
          await postgresSubject(server!, {
            pool: (config) => new oldest.Pool(config),
          }),
        knownGaps: [],
      },
    );
});
