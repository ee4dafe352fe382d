import { AdkError, type StoreCheck } from "@adk/core";
import type { AskOptions, Connection } from "./connection.ts";
import type { Driver } from "./redis-client.ts";
import { Subscriber } from "./subscriber.ts";

export interface CheckServerOptions {
  /** Looks at the layout. */
  prepare(): Promise<void>;
  /** Where hints are tried; absent: they were switched off. */
  readonly channel: string | undefined;
  /** Where they are listened for; absent: a connection made like the client's. */
  readonly subscriber: Driver | undefined;
  readonly signal?: AbortSignal | undefined;
}

const OLDEST = [6, 2] as const;
const PING_MS = 2_000;

/** What of the servers' settings breaks or weakens a promise, and what cannot be known. */
export async function checkServer(
  connection: Connection,
  { prepare, channel, subscriber, signal }: CheckServerOptions,
): Promise<StoreCheck> {
  const problems: StoreCheck["problems"] = [];
  const say = (code: string, message: string): void => void problems.push({ code, message });
  try {
    await prepare();
  } catch (error) {
    if (!AdkError.isInstance(error) || error.retryable) throw error;
    say(error.code, error.message);
  }
  // One answer before, so that a cluster knows its servers.
  await connection.ask(["exists", channel ?? "adk"], { signal });
  const { driver } = connection;
  const servers = driver.isCluster ? driver.nodes("master") : [driver];
  for (const server of servers) checkOne(await info(connection, { server, signal }), say);
  if (channel !== undefined && !(await hear(driver, channel, subscriber)))
    say(
      "MISCONFIGURED",
      'Notifications do not arrive: the user may not use the channels, or the server has none of a shard\'s (Redis before 7). Followers are told by polling. Grant the channels (README, Permissions), or pass `notifications: "off"`.',
    );
  return { problems };
}

function checkOne(
  settings: ReadonlyMap<string, string> | undefined,
  say: (code: string, message: string) => void,
): void {
  if (!settings) {
    say(
      "PERMISSION_DENIED",
      "The user may not call INFO: whether the server evicts keys (`maxmemory-policy`), keeps an append-only file, and how old it is cannot be known from here. Grant `+info`, or look yourself.",
    );
    return;
  }
  const of = (name: string): string | undefined => settings.get(name);
  const policy = of("maxmemory_policy");
  if (policy !== undefined && policy !== "noeviction")
    say(
      "MISCONFIGURED",
      `maxmemory-policy is ${policy}: when its memory is full the server deletes sessions, or parts of them. Set it to noeviction.`,
    );
  if (of("aof_enabled") === "0")
    say(
      "MISCONFIGURED",
      "appendonly is off: a crash of the server loses what was acknowledged since its last snapshot. Turn it on.",
    );
  if (of("aof_last_write_status") === "err")
    say("MISCONFIGURED", "The server cannot write its append-only file. Look at its log.");
  const version = of("valkey_version") ?? of("redis_version");
  const [major = 0, minor = 0] = (version ?? "").split(".").map(Number);
  if (version === undefined) say("UNSUPPORTED", "The server does not say how old it is.");
  else if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    say(
      "UNSUPPORTED",
      `The server is ${version}, older than Redis 6.2, the oldest that this package is made for.`,
    );
  if (of("role") === "slave")
    say("MISCONFIGURED", "The server is a replica. Connect to the master.");
}

/** @returns `undefined` when it may not be asked. */
async function info(
  connection: Connection,
  options: AskOptions,
): Promise<Map<string, string> | undefined> {
  try {
    const text = String(await connection.ask(["info"], options));
    return new Map(
      text.split("\r\n").flatMap((line): [string, string][] => {
        const colon = line.indexOf(":");
        return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
      }),
    );
  } catch (error) {
    const isRefused =
      AdkError.isInstance(error, "PERMISSION_DENIED") || AdkError.isInstance(error, "UNSUPPORTED");
    if (isRefused) return undefined;
    throw error;
  }
}

/** Whether what is published here arrives here. */
async function hear(driver: Driver, channel: string, given: Driver | undefined): Promise<boolean> {
  const heard = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => heard.resolve(false), PING_MS);
  // Not a copy where there is one: it has no password that a function gives.
  const subscriber = new Subscriber(given ?? Subscriber.duplicate(driver), !given, {
    onMessage: () => heard.resolve(true),
    onConnected: () => {},
  });
  try {
    const ping = async (): Promise<void> => {
      await subscriber.listenOn(channel);
      await driver.call(driver.isCluster ? "spublish" : "publish", channel, "ping");
    };
    ping().catch(() => heard.resolve(false));
    return await heard.promise;
  } finally {
    clearTimeout(timer);
    subscriber.close();
  }
}
