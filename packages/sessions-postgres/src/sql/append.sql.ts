import { expired, NOW, patch } from "./parts.ts";

/**
 * PL/pgSQL of one append: the row is locked in `r` (`found` says whether there is one); gives `v_outcome`:
 * `ok <sequence> <lastUpdateTime> <duplicate> <cancelRequested> <whether other processes follow>`, or the refusal and the last sequence.
 *
 * The checks stand in the contract's order, before the first write. Read committed is enough: each statement in a function
 * sees what was committed before it began, so the look for a duplicate sees what the lock waited for.
 */
function body(command: (name: string) => string): string {
  const $ = command;
  return `v_now := ${NOW};
    if r.sid is null or ${expired("r", "v_now")} or r.incarnation <> ${$("incarnation")} then
      v_outcome := 'gone';
    else
      select e.sequence, e.data = ${$("data")} into v_sequence, v_same
        from {s}.adk_event e where e.sid = r.sid and e.id = ${$("id")};
      if found and v_same then
        v_outcome := 'ok ' || v_sequence || ' ' || r.last_update_time || ' 1 ' || r.cancel_requested::int || ' 1';
      elsif found then
        v_outcome := 'id-conflict ' || r.last_sequence;
      elsif ${$("lease")} is not null and r.lease_id is distinct from ${$("lease")} then
        v_outcome := 'fenced ' || r.last_sequence;
      elsif ${$("expected")} is not null and r.last_sequence <> ${$("expected")} then
        v_outcome := 'conflict ' || r.last_sequence;
      else
        r.last_sequence := r.last_sequence + 1;
        r.last_update_time := greatest(r.last_update_time, v_now);
        if ${$("lease")} is not null then
          r.lease_until := v_now + ${$("lease_ttl")};
          ${patch($("header"))}
        end if;
        r.ttl_ms := coalesce(p_ttl, r.ttl_ms);
        -- Rewritten only after a tenth of the time to live: it stands in an index.
        if r.ttl_ms is not null and coalesce(r.expires_at, 0) < v_now + r.ttl_ms then
          r.expires_at := v_now + r.ttl_ms + r.ttl_ms / 10;
        end if;
        update {s}.adk_session s set
          last_sequence = r.last_sequence, last_update_time = r.last_update_time,
          lease_until = r.lease_until, ttl_ms = r.ttl_ms, expires_at = r.expires_at,
          invocation_id = r.invocation_id, attempt = r.attempt, cancel_requested = r.cancel_requested,
          window_from = r.window_from, has_pending = r.has_pending
          where s.sid = r.sid;
        insert into {s}.adk_event (sid, sequence, id, timestamp, data)
          values (r.sid, r.last_sequence, ${$("id")}, ${$("timestamp")}, ${$("data")});
        if ${$("delta")} is not null then
          perform {s}.adk_put_state_v1(r.sid, r.app_name, r.user_id, ${$("delta")});
        end if;
        v_outcome := 'ok ' || r.last_sequence || ' ' || r.last_update_time || ' 0 ' || r.cancel_requested::int || ' ' ||
          exists (select from {s}.adk_follower f where f.until > v_now and f.id <> p_self)::int;
      end if;
    end if;`;
}

const VARIABLES = `r {s}.adk_session%rowtype;
  v_now bigint;
  v_sequence bigint;
  v_same boolean;
  v_outcome text;`;

/** One append, which waits for its session's row. Returns its outcome. */
export const APPEND: string = /* sql */ `
create function {s}.adk_append_v1(
  p_app text, p_user text, p_session text, p_incarnation text, p_id text, p_timestamp bigint, p_data text,
  p_expected bigint, p_lease text, p_lease_ttl bigint, p_header json, p_delta json, p_ttl bigint, p_self text
) returns text language plpgsql as $fn$
#variable_conflict use_column
declare
  ${VARIABLES}
begin
  select * into r from {s}.adk_session s
    where s.app_name = p_app and s.user_id = p_user and s.session_id = p_session for no key update;
  ${body((name) => `p_${name}`)}
  return v_outcome;
end $fn$;
`;

/**
 * Appends to different sessions in one transaction, without shared state (two batches with the keys of several sessions would
 * deadlock). Returns a row an append: its place from 1, and its outcome; those without a row are to be sent alone: their
 * session is locked by somebody else, whom a batch does not wait for, or absent.
 */
export const APPEND_BATCH: string = /* sql */ `
create function {s}.adk_append_batch_v1(
  p_app text[], p_user text[], p_session text[], p_incarnation text[], p_id text[], p_timestamp bigint[], p_data text[],
  p_expected bigint[], p_lease text[], p_lease_ttl bigint[], p_header json[], p_delta json[], p_ttl bigint, p_self text
) returns setof text language plpgsql as $fn$
#variable_conflict use_column
declare
  c record;
  ${VARIABLES}
begin
  for c in
    select t.*, s.sid from unnest(
      p_app, p_user, p_session, p_incarnation, p_id, p_timestamp, p_data,
      p_expected, p_lease, p_lease_ttl, p_header, p_delta
    ) with ordinality as t(app, usr, session, incarnation, id, timestamp, data, expected, lease, lease_ttl, header, delta, place)
    join {s}.adk_session s on s.app_name = t.app and s.user_id = t.usr and s.session_id = t.session
    order by s.sid
  loop
    select * into r from {s}.adk_session s where s.sid = c.sid for no key update skip locked;
    if found then
      ${body((name) => `c.${name}`)}
      return next c.place || ' ' || v_outcome;
    end if;
  end loop;
end $fn$;
`;
