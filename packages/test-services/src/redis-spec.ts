import { redisBinary, type RedisVersion } from "./redis-binary.ts";
import type { ServerSpec } from "./server.ts";

/** A certificate, and who signed it: files that the server reads. */
export interface RedisTls {
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
}

export interface StartRedisOptions {
  /** @defaultValue the path's `redis-server`, else 7.0 */
  readonly version?: RedisVersion | undefined;
  /** `appendonly`, `appendfsync`, `maxmemory` …; the URL carries the password of `requirepass`. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  /** Users, as the `user` lines of a configuration have them: `app on >secret ~adk:* &* +@all`. */
  readonly users?: readonly string[] | undefined;
  /** Speaks TLS only, and asks clients for no certificate; the URL is `rediss:` then. */
  readonly tls?: RedisTls | undefined;
  readonly onDisk?: boolean | undefined;
}

const SHARED_LINGER_MS = 5_000;

/** @param words more of the configuration, `--name` and its values: 6.2 does not take several values as one. */
export function redisSpec(
  { version, settings = {}, users = [], tls, onDisk = false }: StartRedisOptions,
  words: readonly string[] = [],
): ServerSpec {
  const binary = redisBinary(version);
  const { requirepass: password } = settings;
  const all: Record<string, string> = {
    port: "{port}",
    bind: "127.0.0.1",
    dir: "{dir}",
    daemonize: "no",
    save: "",
    appendonly: "yes",
    // A replica's first copy begins at once.
    "repl-diskless-sync-delay": "0",
    // Older ones know no such setting: there DEBUG is open.
    ...(!binary.version.startsWith("Redis 6.") && { "enable-debug-command": "local" }),
    ...(tls && {
      port: "0",
      "tls-port": "{port}",
      "tls-cert-file": tls.certFile,
      "tls-key-file": tls.keyFile,
      "tls-ca-cert-file": tls.caFile,
      "tls-auth-clients": "no",
      "tls-replication": "yes",
      "tls-cluster": "yes",
    }),
    // A replica may be promoted, and the primary come back as its replica.
    ...(password !== undefined && { masterauth: password }),
    ...settings,
  };
  const login = password === undefined ? "" : `:${encodeURIComponent(password)}@`;
  return {
    prepare: [],
    command: [
      ...binary.command,
      ...Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]),
      ...words,
      ...users.flatMap((line) => ["--user", ...line.split(" ")]),
    ],
    env: binary.env,
    readyLine: "Ready to accept connections",
    url: `${tls ? "rediss" : "redis"}://${login}127.0.0.1:{port}`,
    onDisk,
    lingerMs: SHARED_LINGER_MS,
  };
}
