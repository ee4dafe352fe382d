import { expired, grant, header, NOW, patch, stateRows } from "./parts.ts";

/**
 * Acquires, renews or releases. Returns `ok <grant>`, `not-found`, `busy <milliseconds left>` or `fenced <last sequence>`.
 *
 * The fence is the lease's id, current and unreleased. The id released last takes no lease: a late copy of its acquire would.
 */
export const LEASE: string = /* sql */ `
create function {s}.adk_lease_v1(
  p_app text, p_user text, p_session text, p_op text, p_lease text, p_owner text, p_lease_ttl bigint, p_ended text, p_header json
) returns text language plpgsql as $fn$
#variable_conflict use_column
declare
  r {s}.adk_session%rowtype;
  v_now bigint;
begin
  select * into r from {s}.adk_session s
    where s.app_name = p_app and s.user_id = p_user and s.session_id = p_session for no key update;
  v_now := ${NOW};
  if r.sid is null or ${expired("r", "v_now")} then
    return 'not-found';
  end if;
  if p_op = 'acquire' then
    if r.lease_id = p_lease then
      r.lease_until := v_now + p_lease_ttl;
    elsif r.released_lease_id = p_lease then
      return 'fenced ' || r.last_sequence;
    elsif r.lease_id is not null and r.lease_until > v_now then
      return 'busy ' || (r.lease_until - v_now);
    else
      r.lease_id := p_lease;
      r.lease_owner := p_owner;
      r.lease_until := v_now + p_lease_ttl;
      r.epoch := greatest(r.epoch + 1, v_now);
      if r.invocation_id is not null then
        r.attempt := r.attempt + 1;
      end if;
    end if;
  elsif p_op = 'renew' then
    if r.lease_id is distinct from p_lease then
      return 'fenced ' || r.last_sequence;
    end if;
    r.lease_until := v_now + p_lease_ttl;
  elsif r.lease_id = p_lease then
    ${patch("p_header")}
    if r.invocation_id = p_ended then
      r.invocation_id := null;
      r.attempt := 0;
      r.cancel_requested := false;
    end if;
    r.released_lease_id := p_lease;
    r.lease_id := null;
    r.lease_owner := null;
    r.lease_until := null;
  else
    return 'ok ' || ${grant("v_now")};
  end if;
  update {s}.adk_session s set
    epoch = r.epoch, lease_id = r.lease_id, lease_owner = r.lease_owner, lease_until = r.lease_until,
    released_lease_id = r.released_lease_id, invocation_id = r.invocation_id, attempt = r.attempt,
    cancel_requested = r.cancel_requested, window_from = r.window_from, has_pending = r.has_pending
    where s.sid = r.sid;
  return 'ok ' || ${grant("v_now")};
end $fn$;
`;

/**
 * Acquires and reads in one call: rows `kind, sequence, key, data`; the first one is the lease's outcome (kind `status`).
 * The newest 128 events of the window at the most: who knows the older ones needs no more, and who does not reads them in
 * pages, for half of what they would cost here.
 *
 * PL/pgSQL, not one statement: after the wait for the row each query below sees what was committed meanwhile, and nothing of
 * this session can change until the end.
 */
export const OPEN: string = /* sql */ `
create function {s}.adk_open_v1(
  p_app text, p_user text, p_session text, p_lease text, p_owner text, p_lease_ttl bigint
) returns table (kind text, sequence text, key text, data text) language plpgsql as $fn$
#variable_conflict use_column
declare
  v_outcome text := {s}.adk_lease_v1(p_app, p_user, p_session, 'acquire', p_lease, p_owner, p_lease_ttl, null, null);
  v_sid bigint;
  v_from bigint;
  v_now bigint := ${NOW};
begin
  return query select 'status'::text, null::text, null::text, v_outcome;
  if v_outcome not like 'ok %' then
    return;
  end if;
  select s.sid, greatest(s.window_from, s.last_sequence - 127) into v_sid, v_from
    from {s}.adk_session s where s.app_name = p_app and s.user_id = p_user and s.session_id = p_session;
  return query select 'header'::text, null::text, null::text, ${header("s", "v_now")}
    from {s}.adk_session s where s.sid = v_sid;
  return query select 'kept'::text, null::text, null::text, d.kept
    from {s}.adk_session_doc d where d.sid = v_sid and d.kept is not null;
  return query ${stateRows("v_sid", "p_app", "p_user")};
  return query select 'event'::text, e.sequence::text, e.id, e.data
    from {s}.adk_event e where e.sid = v_sid and e.sequence >= v_from order by e.sequence;
end $fn$;
`;
