import { AdkError } from "@adk/core";

/** What this package needs of a Redis client: a `Redis` or a `Cluster` of ioredis fits, without its types. */
export interface RedisClient {
  readonly status: string;
  readonly options: object;
  pipeline(commands?: unknown[][]): unknown;
  multi(commands?: unknown[][]): unknown;
  on(event: "error", listener: () => void): unknown;
  disconnect(): void;
}

/** One command: its name and words; lists within are flattened. */
export type Command = readonly [name: string, ...words: readonly (Word | readonly Word[])[]];
export type Word = string | number;

/** Of one command in a batch: its error, or its reply. */
export type BatchReply = readonly [error: Error | null, reply: unknown];

interface Batch {
  exec(): Promise<readonly BatchReply[] | null>;
}

/** The part of ioredis that we use. */
export interface Driver {
  readonly status: string;
  readonly isCluster?: boolean | undefined;
  readonly options: Readonly<Record<string, unknown>>;
  pipeline(commands: readonly Command[]): Batch;
  multi(commands: readonly Command[]): Batch;
  call(name: string, ...words: readonly (Word | readonly Word[])[]): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  ssubscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  sunsubscribe(channel: string): Promise<unknown>;
  nodes(role: "master"): Driver[];
  duplicate(...options: unknown[]): Driver;
  on(event: string, listener: (...args: never[]) => void): unknown;
  off(event: string, listener: (...args: never[]) => void): unknown;
  disconnect(): void;
}

const METHODS = ["pipeline", "multi", "call", "duplicate", "on", "off", "disconnect"] as const;

/** @throws {@link AdkError} `INVALID_ARGUMENT` for what is no client; `MISCONFIGURED` for one that breaks a promise. */
export function checkClient(owner: string, client: RedisClient): Driver {
  const driver = client as unknown as Driver;
  const options = driver.options as Record<string, unknown> & { redisOptions?: object };
  const of = (name: string): unknown =>
    options[name] || (options.redisOptions as Record<string, unknown> | undefined)?.[name];
  if (of("keyPrefix"))
    throw new AdkError(
      "MISCONFIGURED",
      `${owner}: the client puts a \`keyPrefix\` of its own before keys, not before channels, and may break hash tags. Give the prefix to the store, as its option \`keyPrefix\`, and take it off the client.`,
    );
  const scaleReads = options["scaleReads"];
  if (scaleReads !== undefined && scaleReads !== "master")
    throw new AdkError(
      "MISCONFIGURED",
      `${owner}: the client reads from replicas (\`scaleReads\`), which lag: a session would not show what was just acknowledged. Set \`scaleReads: "master"\`.`,
    );
  if (of("readOnly") === true || options["role"] === "slave")
    throw new AdkError(
      "MISCONFIGURED",
      `${owner}: the client connects to replicas, which cannot write. Connect to the master.`,
    );
  return driver;
}

/** A `Redis` or a `Cluster`, as an option. */
export function isRedisClient(value: unknown): string | undefined {
  const methods = value as Record<string, unknown> | null;
  return typeof value === "object" &&
    methods !== null &&
    typeof methods["options"] === "object" &&
    METHODS.every((name) => typeof methods[name] === "function")
    ? undefined
    : "a Redis or a Cluster of ioredis";
}

/** `Redis at cache.example.com:6379`, as far as the client tells; sentinels and a cluster have no one place. */
export function serverOf({ isCluster, options }: Driver): string {
  const { path, host, port, sentinels } = options;
  if (isCluster || sentinels) return "Redis";
  return typeof path === "string" ? `Redis at ${path}` : `Redis at ${String(host)}:${String(port)}`;
}

/** What ends a client's `error` events: without a listener they are printed, or end the process. */
export function ignoreErrors(driver: Driver): () => void {
  const ignore = (): void => {};
  driver.on("error", ignore);
  return () => void driver.off("error", ignore);
}
