/** Words that several statements share. In all of them `{s}` stands for the schema, quoted. */

/** The store's clock: milliseconds since the Unix epoch. Moves within a statement. */
export const NOW = "floor(extract(epoch from clock_timestamp()) * 1000)::bigint";

/** Whether a row has outlived its retention. A lease that is held keeps a session. */
export function expired(row: string, now: string): string {
  return `(${row}.expires_at is not null and ${row}.expires_at <= ${now} and coalesce(${row}.lease_until, 0) <= ${now})`;
}

/** A header as JSON text, without what is absent. */
export function header(row: string, now: string): string {
  return `json_strip_nulls(json_build_object(
    'appName', ${row}.app_name, 'userId', ${row}.user_id, 'sessionId', ${row}.session_id,
    'incarnation', ${row}.incarnation, 'createTime', ${row}.create_time,
    'lastUpdateTime', ${row}.last_update_time, 'lastSequence', ${row}.last_sequence,
    'windowFrom', ${row}.window_from, 'title', ${row}.title, 'labels', ${row}.labels,
    'forkedFrom', case when ${row}.forked_from is not null then
      json_build_object('sessionId', ${row}.forked_from, 'sequence', ${row}.forked_at) end,
    'pendingCalls', case when ${row}.has_pending then
      (select d.pending_calls from {s}.adk_session_doc d where d.sid = ${row}.sid) end,
    'invocationId', ${row}.invocation_id, 'attempt', ${row}.attempt,
    'cancelRequested', ${row}.cancel_requested,
    'leaseExpiresInMs', case when ${row}.lease_id is not null and ${row}.lease_until > ${now}
      then ${row}.lease_until - ${now} end))::text`;
}

/** The three scopes as rows `kind, sequence, key, data`. */
export function stateRows(sid: string, appName: string, userId: string): string {
  return `select 'session'::text, null::text, v.key, v.value
    from {s}.adk_session_state v where v.sid = ${sid}
  union all
  select case when v.user_id = '' then 'app' else 'user' end, null::text, v.key, v.value
    from {s}.adk_shared_state v
    where v.app_name = ${appName} and v.user_id in ('', ${userId}) and v.value is not null`;
}

/**
 * PL/pgSQL that puts a header patch into the variable `r`, a row of `adk_session`, and into its document. In JSON an absent
 * member (SQL null) leaves, a null clears.
 */
export function patch(change: string): string {
  return `if ${change} is not null then
      if (${change}->>'invocationId') is distinct from r.invocation_id and (${change}->>'invocationId') is not null then
        r.invocation_id := ${change}->>'invocationId';
        r.attempt := 1;
        r.cancel_requested := false;
      end if;
      if (${change}->'windowFrom') is not null then
        r.window_from := (${change}->>'windowFrom')::bigint;
      end if;
      if (${change}->'pendingCalls') is not null then
        r.has_pending := (${change}->>'pendingCalls') is not null;
      end if;
      ${patchDocument(change, "r.sid")}
    end if;`;
}

/** PL/pgSQL that puts the larger texts of a header patch into a session's document. */
export function patchDocument(change: string, sid: string): string {
  return `if (${change}->'pendingCalls') is not null or (${change}->'kept') is not null then
        update {s}.adk_session_doc d set
          pending_calls = case when (${change}->'pendingCalls') is null then d.pending_calls else ${change}->>'pendingCalls' end,
          kept = case when (${change}->'kept') is null then d.kept else ${change}->>'kept' end
        where d.sid = ${sid};
      end if;`;
}

/** A grant as JSON text, of the variable `r`. */
export function grant(now: string): string {
  return `json_strip_nulls(json_build_object(
      'incarnation', r.incarnation, 'epoch', r.epoch, 'attempt', r.attempt,
      'expiresInMs', greatest(coalesce(r.lease_until, 0) - ${now}, 0),
      'cancelRequested', r.cancel_requested, 'lastSequence', r.last_sequence,
      'invocationId', r.invocation_id))::text`;
}
