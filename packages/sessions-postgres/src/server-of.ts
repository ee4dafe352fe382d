import type { Queryable } from "./queryable.ts";

/** What a `Pool` of `pg` says of where it connects to. */
interface PoolOptions {
  readonly connectionString?: unknown;
  readonly host?: unknown;
  readonly port?: unknown;
}

/** `PostgreSQL at db.example.com:5432`, as far as the client tells: nothing else of its URL, which may hold a password. */
export function serverOf(client: Queryable): string {
  const { options } = client as { options?: PoolOptions };
  const { connectionString } = options ?? {};
  const url = typeof connectionString === "string" ? URL.parse(connectionString) : null;
  const host = url?.searchParams.get("host") ?? (url?.hostname || options?.host);
  if (typeof host !== "string" || host === "") return "PostgreSQL";
  const port = url?.searchParams.get("port") ?? (url?.port || options?.port || 5432);
  return `PostgreSQL at ${host}:${String(port)}`;
}
