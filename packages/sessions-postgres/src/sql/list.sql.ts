import { expired, header, NOW } from "./parts.ts";

export interface ListParts {
  readonly ofUser: boolean;
  readonly labels: boolean;
  readonly pending: boolean;
  readonly interrupted: boolean;
  readonly orderBy: "createTime" | "lastUpdateTime";
  readonly continues: boolean;
}

/**
 * A page of headers, newest first. Rows `last_update_time, sid, header`.
 *
 * `sid` grows from session to session: the order of creation, which index `adk_session_app` gives. By last update within one
 * user the user's sessions are sorted: `last_update_time` stands in no index, so that appends need not enter one.
 *
 * `$1` app, `$2` how many, then as asked for: user, labels, and where the page before ended (time, sid).
 */
export function listSql(parts: ListParts): string {
  let last = 2;
  const next = (): string => `$${++last}`;
  const where = ["s.app_name = $1", `not ${expired("s", "n.ms")}`];
  if (parts.ofUser) where.push(`s.user_id = ${next()}`);
  if (parts.labels) where.push(`s.labels @> ${next()}::jsonb`);
  if (parts.pending) where.push("s.has_pending");
  if (parts.interrupted)
    where.push("s.invocation_id is not null", "(s.lease_id is null or s.lease_until <= n.ms)");
  // A user's sessions are found by the key and sorted: `+ 0` keeps the planner from walking the whole app for their order.
  const sid = parts.ofUser ? "s.sid + 0" : "s.sid";
  const isByUpdate = parts.orderBy === "lastUpdateTime";
  if (parts.continues)
    where.push(
      isByUpdate
        ? `(s.last_update_time, s.sid) < (${next()}::bigint, ${next()}::bigint)`
        : `${sid} < ${next()}::bigint`,
    );
  return /* sql */ `with n as materialized (select ${NOW} as ms)
  select s.last_update_time::text, s.sid::text, ${header("s", "n.ms")}
  from n cross join {s}.adk_session s where ${where.join(" and ")}
  order by ${isByUpdate ? "s.last_update_time desc, s.sid desc" : `${sid} desc`} limit $2::bigint`;
}
