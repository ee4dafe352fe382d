import { AdkError, type OptionCheck, integer } from "@adk/core";
import { failFast } from "./fail-fast.ts";
import { ignoreErrors, type Driver, type RedisClient } from "./redis-client.ts";

/** Where a server is. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** How to reach the server. */
export interface RedisConnectionOptions {
  /** @defaultValue the URL's, else the server's default user */
  readonly username?: string | undefined;
  /** A text, or a function that is asked for each new connection: tokens that rotate. What the URL says wins. */
  readonly password?: string | (() => string | Promise<string>) | undefined;
  /** As `node:tls` takes it: `{ ca, cert, key, servername }`. With `rediss:` TLS is on without it. */
  readonly tls?: Readonly<Record<string, unknown>> | undefined;
  /** The URL names a node of a cluster. @defaultValue false */
  readonly cluster?: boolean | undefined;
  /** More nodes of the cluster, or more sentinels, beside the URL's. */
  readonly nodes?: readonly RedisAddress[] | undefined;
  /** The URL names a sentinel, which knows the master by this name. */
  readonly sentinel?: string | undefined;
  /** How long connecting may take, in milliseconds. @defaultValue 5,000 */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * How often connecting is tried before a command fails.
   *
   * @defaultValue 8; 0 where no server is, until there was a connection: a wrong URL is told at once
   */
  readonly maxRetries?: number | undefined;
}

export const CONNECTION_OPTIONS: {
  readonly [Name in keyof Required<RedisConnectionOptions>]: OptionCheck;
} = {
  username: "string",
  password: (value) =>
    typeof value === "string" || typeof value === "function" ? undefined : "a text or a function",
  tls: "object",
  cluster: "boolean",
  nodes: (value) =>
    Array.isArray(value) && value.every(isAddress) ? undefined : "a list of `{ host, port }`",
  sentinel: "string",
  connectTimeoutMs: integer(1, 2_147_483_647),
  maxRetries: integer(0, 1_000),
};

export interface OpenClientsOptions extends RedisConnectionOptions {
  readonly timeoutMs: number;
}

/** Our own clients, and what closes them. */
export interface Clients extends AsyncDisposable {
  readonly client: RedisClient;
  readonly subscriber: RedisClient;
}

/** The part of `ioredis` that we use. */
interface Ioredis {
  readonly Redis: new (options: Record<string, unknown>) => Driver;
  readonly Cluster: new (
    nodes: readonly RedisAddress[],
    options: Record<string, unknown>,
  ) => Driver;
}

const ASK_AGAIN_MS = 200;

type Password = NonNullable<RedisConnectionOptions["password"]>;

/**
 * Clients that connect with their first command, and again by themselves.
 *
 * @throws {@link AdkError} `MISCONFIGURED` when `ioredis` is not installed.
 */
export async function openClients(url: URL, options: OpenClientsOptions): Promise<Clients> {
  const { Redis, Cluster } = await loadIoredis();
  const { cluster = false, sentinel, nodes = [] } = options;
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1") || "127.0.0.1";
  const addresses = [{ host, port: Number(url.port || (sentinel ? 26_379 : 6_379)) }, ...nodes];
  const password = url.password === "" ? options.password : decodeURIComponent(url.password);
  const base = nodeOptions(url, options, password);
  const ask = typeof password === "function" ? password : undefined;
  const askShared = ask && cluster ? await shareAnswers(base, ask) : undefined;
  const retryStrategy = (attempt: number): number =>
    Math.min(50 * 2 ** (attempt - 1), 1_000) * (0.5 + Math.random() / 2);

  const open = (isSubscriber: boolean): Driver => {
    if (cluster) {
      const driver = new Cluster(addresses, {
        lazyConnect: true,
        shardedSubscribers: isSubscriber,
        clusterRetryStrategy: retryStrategy,
        slotsRefreshTimeout: options.connectTimeoutMs ?? 5_000,
        redisOptions: base,
      });
      if (askShared) driver.on("+node", (node: Driver) => askPassword(node, askShared));
      return driver;
    }
    const place = sentinel ? { sentinels: addresses, name: sentinel } : addresses[0];
    const driver = new Redis({
      ...base,
      ...place,
      retryStrategy,
      lazyConnect: true,
      ...(isSubscriber && { maxRetriesPerRequest: null }),
    });
    if (ask) askPassword(driver, ask);
    if (!isSubscriber && options.maxRetries === undefined) failFast(driver);
    return driver;
  };
  const [client, subscriber] = [open(false), open(true)];
  // Whether somebody uses them or not: without a listener `ioredis` prints their errors.
  for (const driver of [client, subscriber]) ignoreErrors(driver);
  return {
    client: client as unknown as RedisClient,
    subscriber: subscriber as unknown as RedisClient,
    async [Symbol.asyncDispose]() {
      for (const driver of [client, subscriber]) driver.disconnect();
    },
  };
}

/** Options of a single connection, in a cluster of each. */
function nodeOptions(
  url: URL,
  options: OpenClientsOptions,
  password: Password | undefined,
): Record<string, unknown> {
  const username = url.username === "" ? options.username : decodeURIComponent(url.username);
  const db = Number(url.pathname.slice(1) || 0);
  const isTls = url.protocol === "rediss:" || options.tls !== undefined;
  return {
    ...(username !== undefined && { username }),
    ...(typeof password === "string" && { password }),
    ...(db > 0 && { db }),
    // Also of the data's connections behind sentinels, which themselves are asked without.
    ...(isTls && { tls: options.tls ?? {}, enableTLSForSentinelMode: true }),
    connectTimeout: options.connectTimeoutMs ?? 5_000,
    // A server that does not answer: its connection is broken off, and made anew.
    socketTimeout: options.timeoutMs,
    maxRetriesPerRequest: options.maxRetries ?? 8,
    // Each command may be repeated.
    autoResendUnfulfilledCommands: true,
    enableOfflineQueue: true,
    keepAlive: 10_000,
    // After a failover the old master answers as a replica: the connection leads nowhere good any more.
    reconnectOnError: (error: Error) => (error.message.includes("READONLY") ? 1 : false),
  };
}

/**
 * A cluster makes connections by itself, to look at its slots and to subscribe, with these options: they get the newest
 * answer. @returns asks anew.
 */
async function shareAnswers(
  base: Record<string, unknown>,
  password: () => string | Promise<string>,
): Promise<() => Promise<string>> {
  let newest = await password();
  Object.defineProperty(base, "password", { get: () => newest, enumerable: true });
  return async () => (newest = await password());
}

/** What `ioredis` makes connections with, and what it will log in with. */
interface Connecting {
  readonly connector: { connect(...words: unknown[]): Promise<unknown> };
  readonly condition: { auth?: unknown };
}

/**
 * Before each connection the password is asked for. `ioredis` itself takes a text alone; it logs in with what stands in its
 * `condition` once the connection is there.
 */
function askPassword(driver: Driver, password: () => string | Promise<string>): void {
  const connecting = driver as unknown as Connecting;
  const { connector } = connecting;
  const connect = connector.connect.bind(connector);
  connector.connect = async (...words) => {
    const answer = await answerOf(driver, password);
    const { username } = driver.options;
    connecting.condition.auth = username ? [username, answer] : answer;
    return await connect(...words);
  };
}

/** Asks until there is an answer: `ioredis` would give a client up for good whose connecting fails before its socket. */
async function answerOf(driver: Driver, password: () => string | Promise<string>): Promise<string> {
  for (;;) {
    try {
      const answer = await password();
      if (driver.status !== "end") return answer;
    } catch {
      // Commands wait meanwhile, and have a deadline.
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS).unref());
    }
    if (driver.status === "end")
      throw new AdkError("CLOSED", "The client was closed while its password was asked for.");
  }
}

function isAddress(value: unknown): boolean {
  const { host, port } = (value ?? {}) as { host?: unknown; port?: unknown };
  return (
    typeof host === "string" &&
    host !== "" &&
    Number.isInteger(port) &&
    Number(port) > 0 &&
    Number(port) < 65_536
  );
}

async function loadIoredis(): Promise<Ioredis> {
  try {
    return (await import("ioredis")) as unknown as Ioredis;
  } catch (error) {
    throw new AdkError(
      "MISCONFIGURED",
      "ioredis is not installed. Install it: `npm install ioredis`.",
      { cause: error },
    );
  }
}
