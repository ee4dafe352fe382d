import type { StoreCheck } from "@adk/core";
import type { Database } from "./database.ts";

export interface CheckServerOptions {
  /** Absent: they were switched off. */
  readonly notifications: { arrive(): Promise<boolean> } | undefined;
  readonly signal?: AbortSignal | undefined;
}

const OLDEST = 130_000;

/** What of the server's settings, as this role has them, breaks or weakens a promise. */
export async function checkServer(
  database: Database,
  { notifications, signal }: CheckServerOptions,
): Promise<StoreCheck> {
  const names = [
    "default_transaction_isolation",
    "synchronous_commit",
    "server_encoding",
    "client_encoding",
    "fsync",
    "full_page_writes",
    "server_version_num",
    "transaction_read_only",
  ];
  const columns = names.map((name) => `current_setting('${name}')`).join(", ");
  const [row = []] = await database.run(`select ${columns}, pg_is_in_recovery()::text`, [], {
    isWrite: false,
    signal,
  });
  const settings = new Map([...names, "recovery"].map((name, index) => [name, row[index] ?? ""]));
  const is = (name: string, ...values: string[]): boolean =>
    values.includes(settings.get(name) ?? "");
  const problems: StoreCheck["problems"] = [];
  const say = (message: string): void => void problems.push({ code: "MISCONFIGURED", message });

  if (!is("default_transaction_isolation", "read committed"))
    say(
      `The role's default_transaction_isolation is "${settings.get("default_transaction_isolation")}": appends that meet are undone and sent again. Set it to "read committed".`,
    );
  if (is("synchronous_commit", "off"))
    say(
      "synchronous_commit is off: a crash of the server loses what was acknowledged just before. Set it to on.",
    );
  if (!is("server_encoding", "UTF8"))
    say(
      `The database's encoding is ${settings.get("server_encoding")}: it cannot keep every text. Create it with encoding UTF8.`,
    );
  if (!is("client_encoding", "UTF8", "UNICODE"))
    say(`client_encoding is ${settings.get("client_encoding")}. Set it to UTF8.`);
  if (is("fsync", "off"))
    say("fsync is off: a crash of the machine loses or damages the database. Turn it on.");
  if (is("full_page_writes", "off"))
    say("full_page_writes is off: a crash of the machine may damage the database. Turn it on.");
  if (Number(settings.get("server_version_num")) < OLDEST)
    say("The server is older than PostgreSQL 13, the oldest that this package is made for.");
  if (is("recovery", "true") || is("transaction_read_only", "on"))
    say(
      "The server is read-only: a standby, or a role that may not write. Connect to the primary.",
    );
  if (notifications && !(await notifications.arrive().catch(() => false)))
    say(
      'Notifications do not arrive: a pooler stands between, or the client cannot hold a connection. Followers are told by polling. Pass a directly connected `notificationClient`, or `notifications: "off"`.',
    );
  return { problems };
}
