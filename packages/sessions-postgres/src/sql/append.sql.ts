import { expired, NOW, patch, patchDocument } from "./parts.ts";

/**
 * One append, which waits for its session's row. Returns
 * `ok <sequence> <lastUpdateTime> <duplicate> <cancelRequested> <whether other processes follow>`, or the refusal and the last sequence.
 *
 * The checks stand in the contract's order, before the first write. Read committed is enough: each statement in a function
 * sees what was committed before it began, so the look for a duplicate sees what the lock waited for.
 */
export const APPEND: string = /* sql */ `
create function {s}.adk_append_v1(
  p_app text, p_user text, p_session text, p_incarnation text, p_id text, p_timestamp bigint, p_data text,
  p_expected bigint, p_lease text, p_lease_ttl bigint, p_header json, p_delta json, p_ttl bigint, p_self text
) returns text language plpgsql as $fn$
#variable_conflict use_column
declare
  r {s}.adk_session%rowtype;
  v_now bigint;
  v_sequence bigint;
  v_same boolean;
begin
  select * into r from {s}.adk_session s
    where s.app_name = p_app and s.user_id = p_user and s.session_id = p_session for no key update;
  v_now := ${NOW};
  if r.sid is null or ${expired("r", "v_now")} or r.incarnation <> p_incarnation then
    return 'gone';
  end if;
  select e.sequence, e.data = p_data into v_sequence, v_same
    from {s}.adk_event e where e.sid = r.sid and e.id = p_id;
  if v_same then
    return 'ok ' || v_sequence || ' ' || r.last_update_time || ' 1 ' || r.cancel_requested::int || ' 1';
  elsif found then
    return 'id-conflict ' || r.last_sequence;
  elsif p_lease is not null and r.lease_id is distinct from p_lease then
    return 'fenced ' || r.last_sequence;
  elsif p_expected is not null and r.last_sequence <> p_expected then
    return 'conflict ' || r.last_sequence;
  end if;
  r.last_sequence := r.last_sequence + 1;
  r.last_update_time := greatest(r.last_update_time, v_now);
  if p_lease is not null then
    r.lease_until := v_now + p_lease_ttl;
    ${patch("p_header")}
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
    values (r.sid, r.last_sequence, p_id, p_timestamp, p_data);
  if p_delta is not null then
    perform {s}.adk_put_state_v1(r.sid, r.app_name, r.user_id, p_delta);
  end if;
  return 'ok ' || r.last_sequence || ' ' || r.last_update_time || ' 0 ' || r.cancel_requested::int || ' ' ||
    exists (select from {s}.adk_follower f where f.until > v_now and f.id <> p_self)::int;
end $fn$;
`;

/**
 * Appends to different sessions in one transaction, without shared state (two batches with the keys of several sessions would
 * deadlock). Returns a row an append: its place from 1, and its outcome; those without a row are to be sent alone: their
 * session is locked by somebody else, whom a batch does not wait for, or absent.
 *
 * The checks of {@link APPEND}, for all members at once: a statement for each member would cost twice as much. The rows are
 * locked by a statement of their own, so that the next one sees what was committed before. Plans that read whole tables are
 * switched off: one that was made while the tables were small would stay when they have grown.
 */
export const APPEND_BATCH: string = /* sql */ `
create function {s}.adk_append_batch_v1(
  p_app text[], p_user text[], p_session text[], p_incarnation text[], p_id text[], p_timestamp bigint[], p_data text[],
  p_expected bigint[], p_lease text[], p_lease_ttl bigint[], p_header json[], p_delta json[], p_ttl bigint, p_self text
) returns setof text language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan
as $fn$
#variable_conflict use_column
declare
  v_places bigint[];
  v_sids bigint[];
  v_now bigint;
  v_followed text;
  c record;
begin
  select array_agg(l.place), array_agg(l.sid) into v_places, v_sids from (
    select t.place, s.sid from unnest(p_app, p_user, p_session) with ordinality as t(app, usr, session, place)
      join {s}.adk_session s on s.app_name = t.app and s.user_id = t.usr and s.session_id = t.session
      order by s.sid for no key update of s skip locked
  ) l;
  v_now := ${NOW};
  v_followed := exists (select from {s}.adk_follower f where f.until > v_now and f.id <> p_self)::int;
  for c in
    with member as materialized (
      select l.place, l.sid, s.last_sequence + 1 as sequence, greatest(s.last_update_time, v_now) as update_time,
        s.cancel_requested and not o.opens as cancel_requested, h.header, o.opens, coalesce(p_ttl, s.ttl_ms) as ttl_ms,
        case
          when ${expired("s", "v_now")} or s.incarnation <> p_incarnation[l.place] then 'gone'
          when e.data = p_data[l.place] then
            'ok ' || e.sequence || ' ' || s.last_update_time || ' 1 ' || s.cancel_requested::int || ' 1'
          when e.sequence is not null then 'id-conflict ' || s.last_sequence
          when p_lease[l.place] is not null and s.lease_id is distinct from p_lease[l.place] then
            'fenced ' || s.last_sequence
          when s.last_sequence <> p_expected[l.place] then 'conflict ' || s.last_sequence
        end as refusal
      from unnest(v_places, v_sids) as l(place, sid)
        join {s}.adk_session s on s.sid = l.sid
        left join {s}.adk_event e on e.sid = l.sid and e.id = p_id[l.place]
        cross join lateral (select case when p_lease[l.place] is not null then p_header[l.place] end as header) h
        cross join lateral (select coalesce(h.header->>'invocationId' <> coalesce(s.invocation_id, ''), false) as opens) o
    ), changed as (
      update {s}.adk_session s set
        last_sequence = m.sequence, last_update_time = m.update_time,
        lease_until = coalesce(v_now + p_lease_ttl[m.place], s.lease_until),
        ttl_ms = m.ttl_ms, expires_at = case
          when coalesce(s.expires_at, 0) < v_now + m.ttl_ms then v_now + m.ttl_ms + m.ttl_ms / 10
          else s.expires_at end,
        invocation_id = case when m.opens then m.header->>'invocationId' else s.invocation_id end,
        attempt = case when m.opens then 1 else s.attempt end, cancel_requested = m.cancel_requested,
        window_from = coalesce((m.header->>'windowFrom')::bigint, s.window_from),
        has_pending = case when (m.header->'pendingCalls') is null then s.has_pending
          else (m.header->>'pendingCalls') is not null end
      from member m where s.sid = m.sid and m.refusal is null
    ), stored as (
      insert into {s}.adk_event (sid, sequence, id, timestamp, data)
        select m.sid, m.sequence, p_id[m.place], p_timestamp[m.place], p_data[m.place]
        from member m where m.refusal is null
    )
    select m.place, m.sid, m.header, m.refusal is null as is_new, coalesce(m.refusal,
      'ok ' || m.sequence || ' ' || m.update_time || ' 0 ' || m.cancel_requested::int || ' ' || v_followed) as outcome
      from member m
  loop
    if c.is_new then
      ${patchDocument("c.header", "c.sid")}
      if p_delta[c.place] is not null then
        perform {s}.adk_put_state_v1(c.sid, p_app[c.place], p_user[c.place], p_delta[c.place]);
      end if;
    end if;
    return next c.place || ' ' || c.outcome;
  end loop;
end $fn$;
`;
