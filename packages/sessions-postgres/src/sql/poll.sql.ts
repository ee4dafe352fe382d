import { NOW } from "./parts.ts";

/**
 * Which of many sessions have changed: `$1`–`$3` arrays of their keys, `$4` the incarnations known, `$5` the sequences known.
 * Rows `place, incarnation, last_sequence`, the last two null where the session is gone.
 */
export const POLL: string = /* sql */ `
select k.place::text, s.incarnation, s.last_sequence::text
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])
  with ordinality as k(app, usr, session, incarnation, sequence, place)
left join {s}.adk_session s on s.app_name = k.app and s.user_id = k.usr and s.session_id = k.session
where s.sid is null or s.incarnation <> k.incarnation or s.last_sequence > k.sequence`;

/** Tells listeners: `$1` the channel, `$2` an array of payloads. */
export const NOTIFY: string = /* sql */ `select pg_notify($1, p)::text from unnest($2::text[]) p`;

/** How long a process counts as a follower without saying so again. */
const FOLLOWS_MS = 90_000;

/** A process follows: `$1` its name. Those that have fallen silent go. */
export const FOLLOW: string = /* sql */ `
with gone as (delete from {s}.adk_follower f where f.until < ${NOW} and f.id <> $1)
insert into {s}.adk_follower as f (id, until) values ($1, ${NOW} + ${FOLLOWS_MS})
on conflict (id) do update set until = excluded.until`;

/** It does so no longer. */
export const UNFOLLOW: string = /* sql */ `delete from {s}.adk_follower f where f.id = $1`;
