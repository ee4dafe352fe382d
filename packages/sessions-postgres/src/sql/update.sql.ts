import { expired, header, NOW } from "./parts.ts";

/** Title and labels (a null removes), or a wish to cancel. Returns `ok <header>`, `not-found`, `gone` or `not-open`. */
export const UPDATE: string = /* sql */ `
create function {s}.adk_update_v1(
  p_app text, p_user text, p_session text, p_incarnation text, p_cancel text, p_sets_title boolean, p_title text, p_labels jsonb
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
  elsif p_incarnation is not null and r.incarnation <> p_incarnation then
    return 'gone';
  elsif p_cancel is not null and r.invocation_id is distinct from p_cancel then
    return 'not-open';
  end if;
  update {s}.adk_session s set
    cancel_requested = s.cancel_requested or p_cancel is not null,
    title = case when p_sets_title then p_title else s.title end,
    labels = case when p_labels is null then s.labels else jsonb_strip_nulls(coalesce(s.labels, '{}') || p_labels) end
    where s.sid = r.sid returning * into r;
  return 'ok ' || ${header("r", "v_now")};
end $fn$;
`;
