/**
 * `adk_put_state_v1(sid, app_name, user_id, delta)`: a delta's three scopes, each `{ "set": { key: value }, "remove": [key] }`.
 *
 * Locks shared keys in one order everywhere: the session's row (the caller holds it), then the app's keys, then the user's, by
 * key. A removal of a shared key is a null in the same upsert.
 */
export const PUT_STATE: string = /* sql */ `
create function {s}.adk_put_state_v1(p_sid bigint, p_app text, p_user text, p_delta json) returns void
language plpgsql as $fn$
#variable_conflict use_column
declare
  v_scope json := p_delta->'session';
begin
  if v_scope is not null then
    if json_array_length(v_scope->'remove') > 0 then
      delete from {s}.adk_session_state t
        using json_array_elements_text(v_scope->'remove') r(k) where t.sid = p_sid and t.key = r.k;
    end if;
    insert into {s}.adk_session_state as t (sid, key, value)
      select p_sid, d.key, d.value from json_each_text(v_scope->'set') d
      on conflict (sid, key) do update set value = excluded.value;
  end if;
  if (p_delta->'app') is not null then
    perform {s}.adk_put_shared_v1(p_app, '', p_delta->'app');
  end if;
  if (p_delta->'user') is not null then
    perform {s}.adk_put_shared_v1(p_app, p_user, p_delta->'user');
  end if;
end $fn$;
`;

export const PUT_SHARED: string = /* sql */ `
create function {s}.adk_put_shared_v1(p_app text, p_user text, p_scope json) returns void
language plpgsql as $fn$
#variable_conflict use_column
begin
  insert into {s}.adk_shared_state as t (app_name, user_id, key, value)
    select p_app, p_user, d.key, d.value from (
      select e.key, e.value from json_each_text(p_scope->'set') e
      union all
      select r.k, null from json_array_elements_text(p_scope->'remove') r(k)
    ) d order by d.key collate "C"
    on conflict (app_name, user_id, key) do update set value = excluded.value;
end $fn$;
`;
