/**
 * The tables. `{s}` stands for the schema, quoted.
 *
 * - `adk_session`: one row a session. An append updates it; its new version stays on the page and enters no index (HOT) as
 *   long as nothing changes that an index or its predicate names: so neither `last_update_time` nor `lease_until` stands in
 *   one. What never changes stands first and what every append changes last: WAL holds what lies between.
 * - `adk_session_doc`: the larger texts of a session, so that an append does not write them again.
 * - `adk_event`: the log. `(sid, id)` finds a repeated append.
 * - `adk_session_state`, `adk_shared_state`: a row a key, so that writers of different keys do not meet. In the shared one
 *   the app's scope is the user `''`, which is no id, and a removed key is a null: deleting rows that others set deadlocks.
 *
 * - `adk_follower`: processes that follow some session, for as long as they say so; without any, nobody is notified. Not
 *   logged: after a crash each says so again.
 *
 * No foreign keys: they cost an eleventh of an append; `adk_delete_v1` removes what belongs to a session.
 */
export const TABLES: string = /* sql */ `
create table {s}.adk_session (
  sid bigint generated always as identity primary key,
  app_name text collate "C" not null check (octet_length(app_name) between 1 and 512),
  user_id text collate "C" not null check (octet_length(user_id) between 1 and 512),
  session_id text collate "C" not null check (octet_length(session_id) between 1 and 512),
  incarnation text collate "C" not null,
  create_time bigint not null,
  forked_from text collate "C",
  forked_at bigint,
  title text,
  labels jsonb,
  ttl_ms bigint,
  epoch bigint not null default 0,
  released_lease_id text collate "C",
  lease_owner text,
  lease_id text collate "C",
  invocation_id text collate "C",
  attempt integer not null default 0,
  has_pending boolean not null default false,
  cancel_requested boolean not null default false,
  window_from bigint not null default 1,
  expires_at bigint,
  last_sequence bigint not null default 0,
  last_update_time bigint not null,
  lease_until bigint,
  constraint adk_session_key unique (app_name, user_id, session_id)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
create index adk_session_app on {s}.adk_session (app_name, sid);
create index adk_session_pending on {s}.adk_session (app_name, sid) where has_pending;
create index adk_session_open on {s}.adk_session (app_name, sid) where invocation_id is not null;
create index adk_session_expires on {s}.adk_session (expires_at) where expires_at is not null;

create table {s}.adk_session_doc (
  sid bigint primary key,
  initial_state text not null,
  pending_calls text,
  kept text
) with (fillfactor = 80);

create table {s}.adk_event (
  sid bigint not null,
  sequence bigint not null,
  id text collate "C" not null,
  timestamp bigint not null,
  data text not null,
  primary key (sid, sequence),
  constraint adk_event_id unique (sid, id)
);

create table {s}.adk_session_state (
  sid bigint not null,
  key text collate "C" not null,
  value text not null,
  primary key (sid, key)
) with (fillfactor = 80);

create table {s}.adk_shared_state (
  app_name text collate "C" not null,
  user_id text collate "C" not null,
  key text collate "C" not null,
  value text,
  primary key (app_name, user_id, key)
) with (fillfactor = 80);
create index adk_shared_state_removed on {s}.adk_shared_state (app_name, user_id, key) where value is null;

create unlogged table {s}.adk_follower (
  id text collate "C" primary key,
  until bigint not null
);
`;
