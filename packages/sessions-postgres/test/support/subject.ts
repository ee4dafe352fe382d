import { decorateStore, type SessionStore } from "@adk/core";
import { sessionStoreSubject, type SessionSubject } from "@adk/core/testing";
import { freshSchema, type TestServer } from "@adk/test-services";
import { fileURLToPath } from "node:url";
import pg from "pg";
import {
  PostgresSessionStore,
  type PostgresSessionStoreOptions,
  type Queryable,
} from "../../src/index.ts";
import type { WorkerData } from "./worker.ts";

export interface PostgresSubjectOptions {
  /** What the schema's name begins with. */
  readonly schemaPrefix?: string | undefined;
  readonly store?: Partial<PostgresSessionStoreOptions> | undefined;
  /** Another driver's pool. @defaultValue the newest `pg` */
  readonly pool?: ((config: pg.PoolConfig) => pg.Pool) | undefined;
  /** Stands before a pool. */
  readonly client?: ((pool: pg.Pool) => Queryable) | undefined;
  /** Changes a store, or the schema before it is used. */
  readonly decorate?: ((store: SessionStore) => SessionStore) | undefined;
  readonly prepare?: ((pool: pg.Pool, schema: string) => Promise<void>) | undefined;
}

/** One schema a subject; a store, and pools, for each service, as another process would have. */
export async function postgresSubject(
  server: Pick<TestServer, "url">,
  options: PostgresSubjectOptions = {},
): Promise<SessionSubject> {
  const place = await freshSchema(server, options.schemaPrefix);
  const pools: pg.Pool[] = [];
  const open = (): pg.Pool => {
    const pool = (options.pool ?? ((config) => new pg.Pool(config)))({
      connectionString: server.url,
      max: 8,
    });
    pools.push(pool);
    return pool;
  };
  if (options.prepare) await options.prepare(open(), place.schema);
  const { decorate = (store) => store, client = (pool) => pool } = options;
  const { pooler } = options.store ?? {};
  const data: WorkerData = { url: server.url, schema: place.schema, pooler };
  return sessionStoreSubject({
    worker: {
      module: fileURLToPath(new URL("worker.ts", import.meta.url)),
      data,
      execArgv: ["--conditions=@adk/source"],
    },
    connect: ({ ttlMs }) =>
      decorate(
        decorateStore(
          new PostgresSessionStore({
            client: client(open()),
            schema: place.schema,
            ttlMs,
            ...options.store,
          }),
          {},
        ),
      ),
    async remove() {
      await Promise.all(pools.map(async (pool) => await pool.end()));
      await place[Symbol.asyncDispose]();
    },
  });
}
