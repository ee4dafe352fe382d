import { expired, header, NOW, patch, stateRows } from "./parts.ts";

/**
 * A session, new or copied. Returns rows `kind, sequence, key, data`: a refusal (kind `status`), or the whole snapshot.
 *
 * A repeat finds its own incarnation before anything else. A fork locks its source so that no erase comes between; it
 * blocks no append. A session that has expired gives up its place.
 */
export const CREATE: string = /* sql */ `
create function {s}.adk_create_v1(
  p_app text, p_user text, p_session text, p_incarnation text, p_initial text, p_state json, p_title text, p_labels jsonb,
  p_shared json, p_source text, p_source_incarnation text, p_source_sequence bigint, p_header json, p_ttl bigint
) returns table (kind text, sequence text, key text, data text) language plpgsql as $fn$
#variable_conflict use_column
declare
  r {s}.adk_session%rowtype;
  v_source {s}.adk_session%rowtype;
  v_now bigint;
  v_is_there boolean;
begin
  loop
    select * into r from {s}.adk_session s where s.app_name = p_app and s.user_id = p_user and s.session_id = p_session;
    v_is_there := found;
    v_now := ${NOW};
    if v_is_there and ${expired("r", "v_now")} then
      perform {s}.adk_delete_expired_v1(r.sid);
      v_is_there := false;
    end if;
    exit when v_is_there and r.incarnation = p_incarnation;
    if p_source is not null then
      select * into v_source from {s}.adk_session s
        where s.app_name = p_app and s.user_id = p_user and s.session_id = p_source for key share;
      if not found or ${expired("v_source", "v_now")} then
        return query select 'status'::text, null::text, null::text, 'not-found'::text;
        return;
      elsif v_source.incarnation <> p_source_incarnation then
        return query select 'status'::text, null::text, null::text, 'gone'::text;
        return;
      elsif v_source.last_sequence < p_source_sequence then
        return query select 'status'::text, null::text, null::text, 'conflict ' || v_source.last_sequence;
        return;
      end if;
    end if;
    if v_is_there then
      return query select 'status'::text, null::text, null::text, 'exists'::text;
      return;
    end if;
    insert into {s}.adk_session as s (
      app_name, user_id, session_id, incarnation, create_time, last_update_time, title, labels,
      forked_from, forked_at, last_sequence, ttl_ms, expires_at
    ) values (
      p_app, p_user, p_session, p_incarnation, v_now, v_now,
      coalesce(p_title, v_source.title), coalesce(p_labels, v_source.labels),
      p_source, p_source_sequence, coalesce(p_source_sequence, 0), p_ttl, v_now + p_ttl + p_ttl / 10
    ) on conflict (app_name, user_id, session_id) do nothing returning * into r;
    if found then
      insert into {s}.adk_session_doc (sid, initial_state)
        select r.sid, coalesce((select d.initial_state from {s}.adk_session_doc d where d.sid = v_source.sid), p_initial);
      insert into {s}.adk_session_state (sid, key, value)
        select r.sid, v.key, v.value from json_each_text(p_state) v;
      if p_source is not null then
        insert into {s}.adk_event (sid, sequence, id, timestamp, data)
          select r.sid, e.sequence, e.id, e.timestamp, e.data from {s}.adk_event e
          where e.sid = v_source.sid and e.sequence <= p_source_sequence order by e.sequence;
        ${patch("p_header")}
        update {s}.adk_session s set
          invocation_id = r.invocation_id, attempt = r.attempt, window_from = r.window_from, has_pending = r.has_pending
          where s.sid = r.sid;
      end if;
      if p_shared is not null then
        perform {s}.adk_put_state_v1(r.sid, p_app, p_user, p_shared);
      end if;
      exit;
    end if;
  end loop;
  return query select 'header'::text, null::text, null::text, ${header("s", "v_now")}
    from {s}.adk_session s where s.sid = r.sid;
  return query ${stateRows("r.sid", "p_app", "p_user")};
  return query select 'event'::text, e.sequence::text, e.id, e.data
    from {s}.adk_event e where e.sid = r.sid order by e.sequence;
end $fn$;
`;
