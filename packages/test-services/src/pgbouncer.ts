import { pgBouncerBinary, type PgBouncerVersion } from "./pgbouncer-binary.ts";
import { startServer, type OwnServer, type TestServer } from "./server.ts";

const NOBODY = 65_534;

export interface StartPgBouncerOptions {
  /** @defaultValue the path's, else 1.18 */
  readonly version?: PgBouncerVersion | undefined;
}

/** PgBouncer in transaction mode in front of a server that trusts its role. */
export async function startPgBouncer(
  server: Pick<TestServer, "url">,
  { version }: StartPgBouncerOptions = {},
): Promise<OwnServer> {
  const binary = pgBouncerBinary(version);
  const to = new URL(server.url);
  const user = decodeURIComponent(to.username);
  const database = to.pathname.slice(1);
  const uid = process.getuid?.() === 0 ? NOBODY : undefined;
  const config = [
    "[databases]",
    `${database} = host=${to.hostname} port=${to.port || "5432"} user=${user}`,
    "[pgbouncer]",
    "listen_addr = 127.0.0.1",
    "listen_port = {port}",
    "unix_socket_dir =",
    "auth_type = any",
    "pool_mode = transaction",
    "default_pool_size = 8",
    "max_client_conn = 500",
  ];
  const write = `cat > {dir}/pgbouncer.ini <<'END'\n${config.join("\n")}\nEND`;
  return await startServer("pgbouncer", {
    prepare: [["/bin/sh", "-c", write]],
    command: [...binary.command, "{dir}/pgbouncer.ini"],
    env: binary.env,
    uid,
    readyLine: "process up",
    url: `postgresql://${to.username}@127.0.0.1:{port}/${database}`,
    onDisk: false,
    lingerMs: 0,
  });
}
