import { decorateStore, type ReadCommand, type SessionStore, type Snapshot } from "@adk/core";
import type pg from "pg";
import type { PostgresSubjectOptions } from "./subject.ts";
import { schemaSql } from "../../src/index.ts";
import type { Queryable, QueryableClient, QueryConfig } from "../../src/index.ts";

/** This adapter with one difference, and cases of the kit that find it. */
export interface Broken {
  readonly name: string;
  readonly subject: PostgresSubjectOptions;
  readonly fails: readonly string[];
}

/** A schema in which one piece of SQL reads differently. */
function inSchema(
  name: string,
  from: string | RegExp,
  to: string,
  fails: readonly string[],
): Broken {
  const change = (schema: string): string => {
    const whole = schemaSql(schema);
    const text = typeof from === "string" ? whole.replaceAll(from, to) : whole.replace(from, to);
    if (text === whole)
      throw new Error(`"${name}" changes nothing: the schema reads otherwise by now.`);
    return text;
  };
  change("adk");
  return {
    name,
    fails,
    subject: { prepare: async (pool, schema) => void (await pool.query(change(schema))) },
  };
}

/** A client that sends one piece of a statement differently. */
function inStatement(name: string, from: string, to: string, fails: readonly string[]): Broken {
  const rewrite = (config: QueryConfig): QueryConfig => {
    const text = config.text.replaceAll(from, to);
    return text === config.text
      ? config
      : { ...config, text, name: `b${config.name ?? ""}`.slice(0, 60) };
  };
  // A connection has one wrapper: the adapter listens to each that it has not seen.
  const wrappers = new WeakMap<pg.PoolClient, QueryableClient>();
  const wrap = (inner: pg.PoolClient): QueryableClient => {
    const wrapper: QueryableClient = wrappers.get(inner) ?? {
      query: async (config) => await inner.query(rewrite(config)),
      release: (error) => inner.release(error),
      on: (event, listener) => inner.on(event as "error", listener as () => void),
    };
    wrappers.set(inner, wrapper);
    return wrapper;
  };
  return {
    name,
    fails,
    subject: {
      client: (pool): Queryable => ({
        query: async (config) => await pool.query(rewrite(config)),
        connect: async () => wrap(await pool.connect()),
      }),
    },
  };
}

function inStore(
  name: string,
  overrides: (store: SessionStore) => Partial<SessionStore>,
  fails: readonly string[],
): Broken {
  return { name, fails, subject: { decorate: (store) => decorateStore(store, overrides(store)) } };
}

export const broken: readonly Broken[] = [
  inSchema(
    "appends without taking the session's row",
    /(and s\.session_id = p_session) for no key update;\n(?=\s*v_now)/,
    "$1;\n",
    ["append-race-merges"],
  ),
  inSchema(
    "takes another event under a stored id for a duplicate",
    "e.sequence, e.data = p_data into",
    "e.sequence, true into",
    ["append-id-conflict"],
  ),
  inSchema(
    "does not look for a duplicate",
    "where e.sid = r.sid and e.id = p_id;",
    "where e.sid = r.sid and e.id = p_id and false;",
    ["append-duplicate-once", "lost-reply-append"],
  ),
  inSchema("has a fence that ignores release", "r.lease_id := null;", "r.lease_until := 0;", [
    "append-under-released-lease",
  ]),
  inSchema(
    "takes the lease again for a late copy of an acquire",
    "r.released_lease_id := p_lease;",
    "",
    ["lease-late-acquire-fenced"],
  ),
  inSchema(
    "does not extend the lease by an append",
    /r\.lease_until := v_now \+ p_lease_ttl;(?=\s+if p_header)/,
    "",
    ["append-extends-lease"],
  ),
  inSchema(
    "takes the event's clock for its own",
    "r.last_update_time := greatest(r.last_update_time, v_now);",
    "r.last_update_time := p_timestamp;",
    ["append-update-time-is-the-stores"],
  ),
  inSchema(
    "lets sessions expire by the event's clock",
    "r.expires_at := v_now + r.ttl_ms",
    "r.expires_at := p_timestamp + r.ttl_ms",
    ["retention-activity-extends"],
  ),
  inSchema(
    "counts epochs from one",
    "r.epoch := greatest(r.epoch + 1, v_now);",
    "r.epoch := r.epoch + 1;",
    ["lease-epoch-over-lives"],
  ),
  inSchema(
    "keeps removed shared keys",
    "select r.k, null from json_array_elements_text",
    "select r.k, '0' from json_array_elements_text",
    ["state-removal"],
  ),
  inSchema(
    "does not free a name whose session has expired",
    /(adk_delete_expired_v1\(r\.sid\);)\s+v_is_there := false;/,
    "$1",
    ["retention-id-reusable"],
  ),
  inSchema(
    "copies one event too few for a fork",
    "e.sequence <= p_source_sequence",
    "e.sequence < p_source_sequence",
    ["fork-copies-log"],
  ),
  inStatement("shows what has expired", "not (s.expires_at is not null", "not (false", [
    "retention-expires",
  ]),
  inStatement(
    "reads the newest by the order of their ids",
    "order by e.sequence desc",
    "order by e.id desc",
    ["events-walk"],
  ),
  inStatement("does not order the newest events", "order by e.sequence desc", "", ["events-walk"]),
  inStatement("shows the last of a page again on the next one", "s.sid < $", "s.sid <= $", [
    "list-pages-complete",
  ]),
  inStatement("lists in the order of names", "order by s.sid desc", "order by s.session_id desc", [
    "list-newest-first",
  ]),
  inStatement(
    "shows a removed key of the user",
    "v.user_id in ('', (select s.user_id from s)) and v.value is not null",
    "v.user_id in ('', (select s.user_id from s))",
    ["state-removal"],
  ),
  inStore(
    "sends a repeated append under another id",
    (store) => {
      const seen = new Set<string>();
      return {
        async append(command, signal) {
          const id = seen.has(command.id) ? `${command.id}#` : command.id;
          seen.add(command.id);
          return await store.append({ ...command, id }, signal);
        },
      };
    },
    ["lost-reply-append"],
  ),
  inStore(
    "reads what it has read before",
    (store) => {
      const known = new Map<string, Snapshot>();
      const read = async (command: ReadCommand): Promise<Snapshot | undefined> => {
        const name = JSON.stringify(command);
        const snapshot = known.get(name) ?? (await store.read(command));
        if (snapshot) known.set(name, snapshot);
        return snapshot;
      };
      return { read: read as SessionStore["read"] };
    },
    ["update-title"],
  ),
];
