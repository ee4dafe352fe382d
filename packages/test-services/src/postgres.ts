import { randomUUID } from "node:crypto";
import pg from "pg";
import { postgresSpec, type StartPostgresOptions } from "./postgres-spec.ts";
import { shareServer, startServer, type OwnServer, type TestServer } from "./server.ts";

/** The server of `ADK_TEST_POSTGRES_URL`, else one that all tests of this moment share. */
export async function sharedPostgres(): Promise<TestServer> {
  const url = process.env["ADK_TEST_POSTGRES_URL"];
  if (url !== undefined && url !== "")
    return { url, isGiven: true, [Symbol.asyncDispose]: async () => {} };
  return await shareServer("postgres-18", postgresSpec({}));
}

/** A server for one test: to be killed, frozen, filled up. */
export async function startPostgres(options: StartPostgresOptions = {}): Promise<OwnServer> {
  return await startServer(`postgres-${options.version ?? 18}`, postgresSpec(options));
}

/** A schema that nobody else uses; it need not exist yet, and is dropped at the end. */
export interface FreshSchema extends AsyncDisposable {
  readonly url: string;
  readonly schema: string;
}

/** @param prefix what its name begins with: `adk test`, to see what is quoted. */
export async function freshSchema(
  server: Pick<TestServer, "url">,
  prefix: string = "adk_test",
): Promise<FreshSchema> {
  const schema = `${prefix}_${randomUUID().slice(0, 8)}`;
  return {
    url: server.url,
    schema,
    async [Symbol.asyncDispose]() {
      const client = new pg.Client({ connectionString: server.url });
      await client.connect();
      try {
        await client.query("set client_min_messages = warning");
        await client.query(`drop schema if exists ${pg.escapeIdentifier(schema)} cascade`);
      } finally {
        await client.end();
      }
    },
  };
}
