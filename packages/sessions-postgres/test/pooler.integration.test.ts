import { createEvent } from "@adk/core";
import { sessionServiceSuite, type SessionSubject } from "@adk/core/testing";
import {
  freshSchema,
  offered,
  startPgBouncer,
  startPostgres,
  type PgBouncerVersion,
} from "@adk/test-services";
import pg from "pg";
import { afterAll, describe, expect, it } from "vitest";
import { PostgresSessionService, type Queryable, type QueryConfig } from "../src/index.ts";
import { postgresSubject } from "./support/subject.ts";

/** `ADK_TEST_MATRIX=1`: servers that not every run must have. */
const isMatrix = Boolean(process.env["ADK_TEST_MATRIX"]);
const server = await offered(async () => await startPostgres());
const VERSIONS: readonly PgBouncerVersion[] = isMatrix && server ? ["1.18", "1.24"] : [];
const poolers = await Promise.all(
  VERSIONS.map(
    async (version) => await offered(async () => await startPgBouncer(server!, { version })),
  ),
);
afterAll(async () => {
  for (const pooler of poolers) await pooler?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

it.skipIf(!server)(
  "`pooler` sends nothing that a pooler of transactions cannot carry",
  async () => {
    await using place = await freshSchema(server!);
    const pool = new pg.Pool({ connectionString: server!.url });
    const sent: QueryConfig[] = [];
    const client: Queryable = {
      query: async (config) => await pool.query(config),
      async connect() {
        const inner = await pool.connect();
        return {
          async query(config) {
            sent.push(config);
            return await inner.query(config);
          },
          release: (error) => inner.release(error),
        };
      },
    };
    const service = new PostgresSessionService({ client, schema: place.schema, pooler: true });
    await service.createSession({ appName: "app", userId: "user", sessionId: "session" });
    const opened = await service.openSession({
      appName: "app",
      userId: "user",
      sessionId: "session",
      owner: "o",
      ttlMs: 60_000,
    });
    await service.appendEvent({
      ...opened,
      event: createEvent({ author: "user", invocationId: "e" }),
    });
    await opened.lease.release();
    await service[Symbol.asyncDispose]();
    expect(sent.length).toBeGreaterThan(4);
    expect(sent.filter(({ name }) => name !== undefined)).toEqual([]);
    expect(
      sent.filter(({ text }) => /^\s*(set (?!local)|listen|begin|prepare)/i.test(text)),
    ).toEqual([]);
    await pool.end();
  },
);

for (const [index, version] of VERSIONS.entries())
  describe.skipIf(!poolers[index])(`PgBouncer ${version} in transaction mode`, () => {
    const front = poolers[index] ?? { url: "" };
    const url = front.url;
    const KEY = { appName: "app", userId: "user", sessionId: "session" };

    sessionServiceSuite(
      { describe, it },
      {
        name: 'sessions in a schema named "adk test…"',
        store: async (): Promise<SessionSubject> =>
          await postgresSubject(front, { schemaPrefix: "adk test", store: { pooler: true } }),
        knownGaps: [],
      },
    );

    it("says what to do when it is not told of the pooler", async () => {
      await using service = await PostgresSessionService.connect(url, { maxTries: 1 });
      await expect(service.createSession(KEY)).rejects.toMatchObject({
        code: "MISCONFIGURED",
        message: expect.stringContaining("pooler: true") as string,
      });
    });

    it("goes on without named statements when a client of one's own prepares them", async () => {
      await using place = await freshSchema(front);
      const pool = new pg.Pool({ connectionString: url, max: 6 });
      const service = new PostgresSessionService({ client: pool, schema: place.schema });
      const sessions = await Promise.all(
        Array.from(
          { length: 20 },
          async (_item, n) => await service.createSession({ ...KEY, sessionId: `s${n}` }),
        ),
      );
      await Promise.all(
        sessions.flatMap((session) =>
          Array.from(
            { length: 10 },
            async () =>
              await service.appendEvent({
                session,
                event: createEvent({ author: "user", invocationId: "e" }),
              }),
          ),
        ),
      );
      expect(sessions.map(({ lastSequence }) => lastSequence)).toEqual(sessions.map(() => 10));
      await service[Symbol.asyncDispose]();
      await pool.end();
    });

    it("finds out that notifications do not arrive, and that a direct client's do", async () => {
      await using place = await freshSchema(front);
      const { schema } = place;
      const client = new pg.Pool({ connectionString: url, max: 4 });
      const notificationClient = new pg.Pool({ connectionString: server!.url, max: 2 });
      const deaf = new PostgresSessionService({ client, schema });
      expect((await deaf.check()).problems[0]?.message).toMatch(/Notifications do not arrive/);
      const hears = new PostgresSessionService({
        client,
        schema,
        pooler: true,
        notificationClient,
      });
      expect(await hears.check()).toEqual({ problems: [] });
      await deaf[Symbol.asyncDispose]();
      await hears[Symbol.asyncDispose]();
      await Promise.all([client.end(), notificationClient.end()]);
    });
  });
