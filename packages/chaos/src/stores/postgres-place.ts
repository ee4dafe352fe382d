import { startPostgres } from "@adk/test-services";
import { askPostgres } from "./ask-postgres.ts";
import { Opened } from "./opened.ts";
import type { ServerPlace } from "./place.ts";

export const SCHEMA = "adk_chaos";

/** @param settings of the server, beside its defaults. */
export async function postgresPlace(
  settings: Readonly<Record<string, string>> = {},
): Promise<ServerPlace> {
  const server = await startPostgres({ settings });
  const address = { store: "postgres", url: server.url, schema: SCHEMA } as const;
  const opened = new Opened(address);
  return {
    address,
    server,
    open: opened.open,
    durability: async () => await postgresDurability(server.url),
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

export async function postgresDurability(url: string): Promise<string> {
  const { fsync, commit, standbys } = await askPostgres(
    url,
    "select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit, current_setting('synchronous_standby_names') as standbys",
  );
  const waits = standbys === "" ? "" : `, synchronous_standby_names=${String(standbys)}`;
  return `fsync=${String(fsync)}, synchronous_commit=${String(commit)}${waits}`;
}
