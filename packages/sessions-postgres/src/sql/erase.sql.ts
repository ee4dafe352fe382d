import { expired, NOW } from "./parts.ts";

/** Removes what belongs to a session whose row the caller holds. */
export const DELETE: string = /* sql */ `
create function {s}.adk_delete_v1(p_sid bigint) returns void language plpgsql as $fn$
begin
  delete from {s}.adk_event e where e.sid = p_sid;
  delete from {s}.adk_session_state v where v.sid = p_sid;
  delete from {s}.adk_session_doc d where d.sid = p_sid;
  delete from {s}.adk_session s where s.sid = p_sid;
end $fn$;
`;

/** The same, if it still has expired once its row is held. */
export const DELETE_EXPIRED: string = /* sql */ `
create function {s}.adk_delete_expired_v1(p_sid bigint) returns void language plpgsql as $fn$
begin
  perform 1 from {s}.adk_session s where s.sid = p_sid and ${expired("s", NOW)} for update;
  if found then
    perform {s}.adk_delete_v1(p_sid);
  end if;
end $fn$;
`;

/**
 * One life of a session, or (without `p_session`) everything of a user. Returns the incarnations that went. A user's keys
 * become nulls, in the order of keys: rows that others may be setting are not deleted.
 */
export const ERASE: string = /* sql */ `
create function {s}.adk_erase_v1(p_app text, p_user text, p_session text, p_incarnation text)
returns setof text language plpgsql as $fn$
declare
  v_sid bigint;
  v_incarnation text;
begin
  for v_sid, v_incarnation in
    select s.sid, s.incarnation from {s}.adk_session s
      where s.app_name = p_app and s.user_id = p_user
        and (p_session is null or (s.session_id = p_session and s.incarnation = p_incarnation))
      order by s.sid for update
  loop
    perform {s}.adk_delete_v1(v_sid);
    return next v_incarnation;
  end loop;
  if p_session is null then
    perform 1 from {s}.adk_shared_state v
      where v.app_name = p_app and v.user_id = p_user and v.value is not null order by v.key for update;
    update {s}.adk_shared_state v set value = null
      where v.app_name = p_app and v.user_id = p_user and v.value is not null;
  end if;
end $fn$;
`;

/** Deletes expired sessions that nobody is using, and some removed keys. Returns the incarnations that went. Waits for nobody. */
export const PURGE: string = /* sql */ `
create function {s}.adk_purge_v1(p_app text, p_limit bigint) returns setof text language plpgsql as $fn$
declare
  v_sid bigint;
  v_incarnation text;
  v_now bigint := ${NOW};
begin
  for v_sid, v_incarnation in
    select s.sid, s.incarnation from {s}.adk_session s
      where s.expires_at <= v_now and coalesce(s.lease_until, 0) <= v_now and (p_app is null or s.app_name = p_app)
      order by s.expires_at limit p_limit for update skip locked
  loop
    perform {s}.adk_delete_v1(v_sid);
    return next v_incarnation;
  end loop;
  delete from {s}.adk_shared_state t using (
    select v.app_name, v.user_id, v.key from {s}.adk_shared_state v
      where v.value is null and (p_app is null or v.app_name = p_app) limit 1000 for update skip locked
  ) d where t.app_name = d.app_name and t.user_id = d.user_id and t.key = d.key;
end $fn$;
`;
