import pg from "pg";
import { postgresSpec, type StartPostgresOptions } from "./postgres-spec.ts";
import { startServer, type OwnServer } from "./server.ts";
import { until } from "./until.ts";

export interface StartPostgresStandbyOptions extends StartPostgresOptions {
  /** The primary acknowledges a commit when the standby has it on its disk. @defaultValue false */
  readonly synchronous?: boolean | undefined;
  /** The port through which it follows: that of a `FaultProxy`. @defaultValue the primary's */
  readonly throughPort?: number | undefined;
}

/** A server that follows another, and may be read. */
export interface PostgresStandby extends OwnServer {
  /** Makes it a primary, and waits until it takes writes. The old primary must be gone: nothing keeps it from going on. */
  promote(): Promise<void>;
}

const NAME = "adk_standby";

/**
 * A standby that streams from a primary of the same `version` and `settings`.
 *
 * It begins with a copy of the primary's folder. So the primary is stopped for a moment: its connections end.
 */
export async function startPostgresStandby(
  primary: OwnServer,
  { synchronous = false, throughPort = primary.port, ...options }: StartPostgresStandbyOptions = {},
): Promise<PostgresStandby> {
  const data = String(await ask(primary, "show data_directory"));
  const settings = {
    ...options.settings,
    primary_conninfo: `host=127.0.0.1 port=${throughPort} user=postgres application_name=${NAME}`,
  };
  const spec = postgresSpec({ ...options, settings }, () => [
    ["cp", "-a", data, "{dir}/data"],
    ["touch", "{dir}/data/standby.signal"],
  ]);
  await primary.stop();
  let standby: OwnServer;
  try {
    standby = await startServer("postgres-standby", spec);
  } finally {
    await primary.start();
  }
  try {
    await follows(primary, "async");
    if (synchronous) {
      // After the copy: once promoted, the standby must not wait for one of its own.
      await ask(primary, `alter system set synchronous_standby_names = '${NAME}'`);
      await ask(primary, "select pg_reload_conf()");
      await follows(primary, "sync");
    }
  } catch (error) {
    await standby[Symbol.asyncDispose]();
    throw error;
  }
  return {
    ...standby,
    async promote() {
      await ask(standby, "select pg_promote()");
      await until(
        `the standby at ${standby.port} takes writes`,
        async () => (await ask(standby, "select pg_is_in_recovery()")) === false,
      );
    },
  };
}

async function follows(primary: OwnServer, state: "async" | "sync"): Promise<void> {
  const text = `select sync_state from pg_stat_replication where application_name = '${NAME}' and state = 'streaming'`;
  await until(
    `a standby follows ${primary.port}, ${state}`,
    async () => (await ask(primary, text)) === state,
  );
}

/** The first column of the only row. */
async function ask({ url }: OwnServer, text: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    const { rows } = await client.query<unknown[]>({ text, rowMode: "array" });
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
}
