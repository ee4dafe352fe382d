import { join } from "node:path";
import { onPath, unpackDebian } from "./debian.ts";
import { startServer, type OwnServer, type TestServer } from "./server.ts";

const NOBODY = 65_534;

/** PgBouncer in transaction mode in front of a server that trusts its role: the path's, else Debian's. */
export async function startPgBouncer(server: Pick<TestServer, "url">): Promise<OwnServer> {
  const { file, libraries } = binary();
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
    command: [file, "{dir}/pgbouncer.ini"],
    env: libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries },
    uid,
    readyLine: "process up",
    url: `postgresql://${to.username}@127.0.0.1:{port}/${database}`,
    onDisk: false,
    lingerMs: 0,
  });
}

function binary(): { file: string; libraries?: string } {
  const file = onPath("pgbouncer");
  if (file !== undefined) return { file };
  const unpacked = unpackDebian(["pgbouncer", "libc-ares2", "libevent-2.1-7"]);
  if (!unpacked)
    throw new Error(
      "pgbouncer is not on the path, and Debian's package could not be fetched. Install PgBouncer.",
    );
  return { file: join(unpacked.folder, "usr/sbin/pgbouncer"), libraries: unpacked.libraries };
}
