import {
  AdkError,
  BaseSessionService,
  checkOptions,
  SESSION_SERVICE_OPTIONS,
  type BaseSessionServiceOptions,
  type OptionCheck,
} from "@adk/core";
import { CONNECTION_OPTIONS, openClients, type RedisConnectionOptions } from "./connect.ts";
import {
  RedisSessionStore,
  STORE_OPTIONS,
  type RedisSessionStoreOptions,
} from "./redis-session-store.ts";

/** Options of the service: its store's, and those of every session service. */
export interface RedisSessionServiceOptions
  extends RedisSessionStoreOptions, BaseSessionServiceOptions {}

/** Options of {@link RedisSessionService.connect}: the clients are its own. */
export interface ConnectRedisOptions
  extends Omit<RedisSessionServiceOptions, "client" | "subscriber">, RedisConnectionOptions {}

const OPTIONS: Readonly<Record<keyof RedisSessionServiceOptions, OptionCheck>> = {
  ...SESSION_SERVICE_OPTIONS,
  ...STORE_OPTIONS,
};

const { client: _none, subscriber: _nor, ...WITHOUT_CLIENTS } = OPTIONS;

const CONNECT_OPTIONS: Readonly<Record<keyof ConnectRedisOptions, OptionCheck>> = {
  ...WITHOUT_CLIENTS,
  ...CONNECTION_OPTIONS,
};

/** Sessions in Redis. */
export class RedisSessionService extends BaseSessionService {
  #clients: AsyncDisposable | undefined;

  /**
   * The client stays yours: closing the service does not close it.
   *
   * @throws {@link AdkError} `INVALID_ARGUMENT` for an option that there is not, or that cannot be used; `MISCONFIGURED` for a
   *   client that would break a promise.
   */
  constructor(options: RedisSessionServiceOptions) {
    if (typeof options === "string")
      throw new AdkError(
        "INVALID_ARGUMENT",
        "RedisSessionService takes options with a `client`, not a URL. With a URL: `await RedisSessionService.connect(url)`, or `await createSessionService(url)` of @adk/core.",
      );
    checkOptions("RedisSessionService", options, OPTIONS);
    super(
      new RedisSessionStore(pick(options, STORE_OPTIONS) as unknown as RedisSessionStoreOptions),
      pick(options, SESSION_SERVICE_OPTIONS),
    );
  }

  /**
   * A service with clients of its own, which its disposal closes. Nothing is sent before the first command.
   *
   * @param url `redis://user:password@host:6379/0`, `rediss:` for TLS; and `keyPrefix`, `tag`, `ttlMs`, `cluster=true` and
   *   `sentinel=name`. What it says wins over `options`.
   * @throws {@link AdkError} `INVALID_ARGUMENT` for a URL or an option that cannot be used; `MISCONFIGURED` without `ioredis`.
   */
  static async connect(
    url: string,
    options: ConnectRedisOptions = {},
  ): Promise<RedisSessionService> {
    const read = readUrl(url);
    checkOptions("RedisSessionService.connect", options, CONNECT_OPTIONS);
    const given: ConnectRedisOptions = { ...options, ...read.options };
    checkOptions("RedisSessionService.connect", given, CONNECT_OPTIONS);
    if (given.cluster && (given.sentinel !== undefined || /^\/0*[1-9]/.test(read.url.pathname)))
      throw new AdkError(
        "INVALID_ARGUMENT",
        "A cluster has neither sentinels nor databases but 0: leave `sentinel` and the URL's path out.",
      );
    const { timeoutMs = 10_000 } = given;
    const clients = await openClients(read.url, { ...pick(given, CONNECTION_OPTIONS), timeoutMs });
    const made = new RedisSessionService({
      ...pick(given, WITHOUT_CLIENTS),
      client: clients.client,
      subscriber: clients.subscriber,
    });
    made.#clients = clients;
    return made;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    const clients = this.#clients;
    this.#clients = undefined;
    try {
      await super[Symbol.asyncDispose]();
    } finally {
      await clients?.[Symbol.asyncDispose]();
    }
  }
}

/** What `createSessionService` of core calls: the service that a URL names. */
export async function sessionServiceFromUri(uri: string): Promise<BaseSessionService> {
  return await RedisSessionService.connect(uri);
}

/** The options that a table has a row for. */
function pick(options: object, table: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(table, name)));
}

/** How a URL says it; anything else is refused with the other options. */
const BOOLEANS: Readonly<Record<string, boolean>> = {
  true: true,
  1: true,
  false: false,
  0: false,
};
const IN_URL: Readonly<Record<string, (value: string) => unknown>> = {
  keyPrefix: String,
  tag: String,
  ttlMs: Number,
  sentinel: String,
  cluster: (value) => BOOLEANS[value] ?? value,
};

const KNOWN_IN_URL: Readonly<Record<string, OptionCheck>> = Object.fromEntries(
  Object.keys(IN_URL).map((name) => [name, "string"]),
);

function readUrl(url: string): { url: URL; options: Record<string, unknown> } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isOurs = typeof url === "string" && /^rediss?:\/\//i.test(url);
  if (
    isOurs &&
    (!parsed || parsed.hash !== "" || ![parsed.username, parsed.password].every(canDecode))
  )
    throw new AdkError(
      "INVALID_ARGUMENT",
      "The URL cannot be read. Its user and password must be percent-encoded: `#` is `%23`, `%` is `%25`; `encodeURIComponent` does it.",
    );
  if (!isOurs || !parsed)
    throw new AdkError(
      "INVALID_ARGUMENT",
      "The URL must be one of Redis: redis://user:password@host:6379/0, or rediss: for TLS.",
    );
  if (!/^\/?\d*$/.test(parsed.pathname))
    throw new AdkError(
      "INVALID_ARGUMENT",
      "The URL's path is a database's number: redis://host:6379/0.",
    );
  const query = Object.fromEntries(parsed.searchParams);
  checkOptions("A Redis URL", query, KNOWN_IN_URL);
  const options = Object.fromEntries(
    Object.entries(query).map(([name, value]) => [name, IN_URL[name]?.(value)]),
  );
  return { url: parsed, options };
}

function canDecode(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
