import { expired, header, NOW, stateRows } from "./parts.ts";

/** Which parts of a session are read; each combination is a statement of its own. */
export interface ReadParts {
  readonly state: boolean;
  readonly initialState: boolean;
  readonly kept: boolean;
  /** Absent: no events. */
  readonly events?: "ascending" | "descending" | undefined;
}

/**
 * A session, all of one moment: one statement has one snapshot. Rows `kind, sequence, key, data`, an event's without
 * a kind; none when it is absent.
 *
 * `$1`–`$3` the key; with events `$4` from (null: the window), `$5` to, `$6` limit (null: none).
 */
export function readSql(parts: ReadParts): string {
  const sid = "(select s.sid from s)";
  const rows = [`select 'header'::text, null::text, null::text, ${header("s", "s.now_ms")} from s`];
  if (parts.initialState)
    rows.push(
      `select 'initial'::text, null::text, null::text, d.initial_state from {s}.adk_session_doc d where d.sid = ${sid}`,
    );
  if (parts.kept)
    rows.push(
      `select 'kept'::text, null::text, null::text, d.kept from {s}.adk_session_doc d where d.sid = ${sid} and d.kept is not null`,
    );
  if (parts.state)
    rows.push(stateRows(sid, "(select s.app_name from s)", "(select s.user_id from s)"));
  if (parts.events) {
    const order = parts.events === "descending" ? "desc" : "asc";
    rows.push(`(select null::text, e.sequence::text, e.id, e.data from {s}.adk_event e
      where e.sid = ${sid} and e.sequence >= coalesce($4::bigint, (select s.window_from from s)) and e.sequence <= $5::bigint
      order by e.sequence ${order} limit $6::bigint)`);
  }
  return /* sql */ `with s as materialized (
    select s.*, ${NOW} as now_ms from {s}.adk_session s
    where s.app_name = $1 and s.user_id = $2 and s.session_id = $3 and not ${expired("s", NOW)}
  ) ${rows.join("\n  union all\n  ")}`;
}

/** A shared scope: `$1` app, `$2` user (`''`: the app's own). Rows `key, value`. */
export const READ_SCOPE: string = /* sql */ `
select v.key, v.value from {s}.adk_shared_state v where v.app_name = $1 and v.user_id = $2 and v.value is not null`;
