import { AdkError, checkOptions, type OptionCheck } from "@adk/core";

/** What a URL says: `url` for `pg`, and the options that are ours. */
export interface ReadUrl {
  readonly url: string;
  readonly options: Readonly<Record<string, unknown>>;
}

const BOOLEANS: Readonly<Record<string, boolean>> = {
  true: true,
  1: true,
  false: false,
  0: false,
};

/** Ours, as a URL says them; a value that cannot be read is refused with the other options. */
const OURS: Readonly<Record<string, (value: string) => readonly [option: string, value: unknown]>> =
  {
    schema: (value) => ["schema", value],
    migrations: (value) => ["migrations", value],
    ttlMs: (value) => ["ttlMs", Number(value)],
    pooler: (value) => ["pooler", BOOLEANS[value] ?? value],
    // In seconds, as libpq has it; `pg` itself does not read it.
    connect_timeout: (value) => ["connectTimeoutMs", Number(value) * 1_000],
  };

/** What `pg` reads, and what a server's own page may put into a URL for libpq. */
const OF_DRIVER = [
  "application_name",
  "channel_binding",
  "client_encoding",
  "fallback_application_name",
  "gssencmode",
  "host",
  "idle_in_transaction_session_timeout",
  "keepalives",
  "keepalives_count",
  "keepalives_idle",
  "keepalives_interval",
  "lock_timeout",
  "options",
  "password",
  "port",
  "query_timeout",
  "ssl",
  "sslcert",
  "sslkey",
  "sslmode",
  "sslnegotiation",
  "sslrootcert",
  "statement_timeout",
  "target_session_attrs",
  "uselibpqcompat",
  "user",
] as const;

const KNOWN: Readonly<Record<string, OptionCheck>> = Object.fromEntries(
  [...Object.keys(OURS), ...OF_DRIVER].map((name) => [name, "string"]),
);

/**
 * Reads a URL of PostgreSQL.
 *
 * @throws {@link AdkError} `INVALID_ARGUMENT` for what is none, and for an option that neither we nor `pg` know: it would be
 *   ignored, and data kept elsewhere than was meant. The URL is not repeated: it may hold a password.
 */
export function readUrl(text: string): ReadUrl {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isOurs = typeof text === "string" && /^postgres(ql)?:\/\//i.test(text);
  if (isOurs && (!url || url.hash !== "" || !canDecode(url)))
    throw new AdkError(
      "INVALID_ARGUMENT",
      "The URL cannot be read. In its user, password and database `#`, `/`, `?`, `@`, `:` and `%` must be percent-encoded: `#` is `%23`, `%` is `%25`; `encodeURIComponent` does it.",
    );
  if (!isOurs || !url)
    throw new AdkError(
      "INVALID_ARGUMENT",
      "The URL must be one of PostgreSQL: postgresql://user@host:5432/database.",
    );
  checkOptions("A PostgreSQL URL", Object.fromEntries(url.searchParams), KNOWN);
  const options: Record<string, unknown> = {};
  for (const [name, read] of Object.entries(OURS)) {
    const value = url.searchParams.get(name);
    if (value === null) continue;
    url.searchParams.delete(name);
    const [option, is] = read(value);
    options[option] = is;
  }
  return { url: url.href, options };
}

/** `pg` decodes these when it connects, and what it throws then looks like a failing server. */
function canDecode({ username, password, hostname, pathname }: URL): boolean {
  try {
    for (const part of [username, password, hostname, pathname]) decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}
