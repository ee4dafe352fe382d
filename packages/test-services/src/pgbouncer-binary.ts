import { versionOf, type Binary } from "./binary.ts";
import { onItsOwnLibc, onMachine, unpackDebian } from "./debian.ts";
import { onPath } from "./on-path.ts";

export type PgBouncerVersion = "1.18" | "1.24";

const FILE = "usr/sbin/pgbouncer";
/** What trixie's needs when it brings its libc along. */
const TRIXIE = [
  "libc6",
  "libcares2",
  "libevent-2.1-7t64",
  "libssl3t64",
  "libsystemd0",
  "libpam0g",
  "libaudit1",
  "libcap-ng0",
  "libcap2",
  "zlib1g",
  "libzstd1",
] as const;

const SOURCES: Readonly<Record<PgBouncerVersion, () => Binary>> = {
  "1.18": () => {
    const packages = ["pgbouncer", "libc-ares2", "libevent-2.1-7"] as const;
    return onMachine(unpackDebian({ name: "pgbouncer-1.18", packages }), FILE);
  },
  "1.24": () => {
    const packages = ["pgbouncer", ...TRIXIE] as const;
    return onItsOwnLibc(unpackDebian({ name: "pgbouncer-1.24", suite: "trixie", packages }), FILE);
  },
};

const found = new Map<PgBouncerVersion | undefined, Binary>();

/** The path's PgBouncer, where it is of this version (absent: whichever it is); else a package's, unpacked. */
export function pgBouncerBinary(version?: PgBouncerVersion): Binary {
  const binary = found.get(version) ?? find(version);
  found.set(version, binary);
  return binary;
}

function find(version: PgBouncerVersion | undefined): Binary {
  const wanted = version ?? "1.18";
  const isWanted = (binary: Binary): boolean =>
    versionOf(binary).startsWith(`PgBouncer ${wanted}.`);
  try {
    const file = onPath("pgbouncer");
    const ofPath: Binary | undefined =
      file === undefined ? undefined : { command: [file], env: {} };
    if (ofPath && (version === undefined || isWanted(ofPath))) return ofPath;
    const unpacked = SOURCES[wanted]();
    if (isWanted(unpacked)) return unpacked;
    throw new Error(`the package of this machine is ${versionOf(unpacked).split("\n")[0]}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `PgBouncer ${wanted} is not on the path and could not be fetched (${reason}). Install it.`,
      { cause: error },
    );
  }
}
