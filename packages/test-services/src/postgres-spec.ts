import { join } from "node:path";
import { postgresBinaries, type PostgresVersion } from "./postgres-binaries.ts";
import type { ServerSpec } from "./server.ts";

export interface StartPostgresOptions {
  /** The major version. @defaultValue 18 */
  readonly version?: PostgresVersion | undefined;
  /** `fsync`, `max_connections` … */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  /** On the disk, not in memory. */
  readonly onDisk?: boolean | undefined;
}

const SHARED_LINGER_MS = 5_000;
const NOBODY = 65_534;

/** @param prepare what makes `{dir}/data`, with the program that it is given. @defaultValue a new, empty database cluster */
export function postgresSpec(
  { version = 18, settings = {}, onDisk = false }: StartPostgresOptions,
  prepare: (bin: (name: string) => string) => ServerSpec["prepare"] = newCluster,
): ServerSpec {
  const uid = process.getuid?.() === 0 ? NOBODY : undefined;
  const native = postgresBinaries(version, uid);
  const bin = (name: string): string => join(native, "bin", name);
  const all: Record<string, string> = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "200",
    // In its own folder: nothing stays in /dev/shm after a kill.
    dynamic_shared_memory_type: "mmap",
    ...settings,
  };
  return {
    prepare: prepare(bin),
    command: [
      bin("postgres"),
      "-D",
      "{dir}/data",
      "-p",
      "{port}",
      ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ],
    env: {},
    uid,
    readyLine: "ready to accept",
    url: "postgresql://postgres@127.0.0.1:{port}/postgres",
    onDisk,
    lingerMs: SHARED_LINGER_MS,
  };
}

function newCluster(bin: (name: string) => string): ServerSpec["prepare"] {
  const initdb = [bin("initdb"), "-D", "{dir}/data", "-U", "postgres", "-A", "trust"];
  return [[...initdb, "--no-locale", "-E", "UTF8", "--no-sync"]];
}
