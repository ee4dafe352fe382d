import { defineScript, type Script } from "../script.ts";
import { EXPIRE, LEFTOVERS, MERGE, NOW, PATCH, TOUCH } from "./lua-parts.ts";

/** `serial`: the order of creation, in microseconds since the Unix epoch and one more than the newest at least. */
const SERIAL = (given: string): string => `local serial = tonumber(${given})
if not serial then
  local newest = redis.call('ZREVRANGE', KEYS[13], 0, 0, 'WITHSCORES')
  serial = math.max(t[1] * 1000000 + t[2], tonumber(newest[2] or 0) + 1)
end`;

/** The header's fields that every new session has, and its places in the indexes. */
const ENROL = `redis.call('HSET', KEYS[1], 'inc', ARGV[1], 'ser', string.format('%.0f', serial), 'ct', now, 'ut', now,
  'seq', 0, 'win', 1, 'att', 0, 'ep', 0, 'states', 0, 'initial', 0)
redis.call('ZADD', KEYS[9], serial, member)
if app then redis.call('ZADD', KEYS[13], serial, user .. '\\0' .. member) end`;

const RETAIN = `if ARGV[4] ~= '' then
  redis.call('HSET', KEYS[1], 'ttl', ARGV[4], 'exp', now + ARGV[4])
  ${EXPIRE}
  expire(now + ARGV[4])
end`;

const TITLE_AND_LABELS = (title: string, labels: string): string =>
  `if ${title} then redis.call('HSET', KEYS[1], 'title', ${title}) end
if ${labels} then redis.call('HSET', KEYS[1], 'labels', ${labels}) end`;

/** A repeat finds its own life before anything else. */
const OWN = `local found = redis.call('HGET', KEYS[1], 'inc')
if found == ARGV[1] then
  if ARGV[5] == '1' then redis.call('HSET', KEYS[1], 'inc', ARGV[1]) end
  return {'ok'}
end`;

/**
 * A new session.
 *
 * KEYS: those of a session (`lua-parts.ts`).
 *
 * ARGV: 1 incarnation; 2 user id; 3 session id; 4 time to live, ms, or ''; 5 `1` when the reply is waited for to be durable,
 * else ''; 6 serial, or '' where the app's index is reachable; 7 `t`, and 8 the title, or '' and ''; 9 labels as JSON, or '';
 * 10 a change of the app's state for the outbox, or ''; 11… the session's state (as a change), then changes of the user's and
 * (with its keys) the app's.
 *
 * Returns `ok`, also for a repeat; `exists`; `damaged` and the part that lacks.
 */
export const CREATE: Script = defineScript(/* lua */ `
${OWN}
if found then return {'exists'} end
if ${LEFTOVERS} then return {'damaged', 'header'} end
${NOW}
local app = KEYS[12] ~= nil
${TOUCH}
local user, member = ARGV[2], ARGV[3] .. '\\0' .. ARGV[1]
${SERIAL("ARGV[6]")}
${ENROL}
${TITLE_AND_LABELS("ARGV[7] ~= '' and ARGV[8]", "ARGV[9] ~= '' and ARGV[9]")}
${MERGE}
merge(KEYS[5], 11)
local p = merge(KEYS[4], 11)
local count = redis.call('HLEN', KEYS[4])
redis.call('HSET', KEYS[1], 'states', count, 'initial', count)
p = merge(KEYS[8], p)
if app then merge(KEYS[12], p) end
if ARGV[10] ~= '' then redis.call('RPUSH', KEYS[7], ARGV[1] .. '\\0' .. 0 .. '\\0' .. ARGV[10]) end
${RETAIN}
return {'ok'}
`);

/**
 * A session copied from another one of the same user.
 *
 * KEYS: those of a session (`lua-parts.ts`), and last the source's header, events, ids and initial state.
 *
 * ARGV: 1–9 as for a new session; 10 the source's session id; 11 its incarnation; 12 up to which sequence; 13–18 the header's
 * patch; 19… the session's state (as a change).
 *
 * Returns `ok`, also for a repeat; `not-found` and `gone` (the source); `conflict` and the source's last sequence; `exists`;
 * `damaged` and the part that lacks.
 */
export const FORK: Script = defineScript(/* lua */ `
${OWN}
local S = #KEYS - 3
local source = redis.call('HMGET', KEYS[S], 'inc', 'seq', 'title', 'labels', 'initial')
if not source[1] then return {'not-found'} end
if source[1] ~= ARGV[11] then return {'gone'} end
local last, upTo = tonumber(source[2]), tonumber(ARGV[12])
if last < upTo then return {'conflict', last} end
if found then return {'exists'} end
if ${LEFTOVERS} then return {'damaged', 'header'} end
if redis.call('LLEN', KEYS[S + 1]) ~= last then return {'damaged', 'events'} end
if redis.call('HLEN', KEYS[S + 2]) ~= last then return {'damaged', 'ids'} end
if redis.call('HLEN', KEYS[S + 3]) ~= tonumber(source[5]) then return {'damaged', 'initial'} end
${NOW}
local app = #KEYS > 15
${TOUCH}
local user, member = ARGV[2], ARGV[3] .. '\\0' .. ARGV[1]
${SERIAL("ARGV[6]")}
${ENROL}
${TITLE_AND_LABELS("(ARGV[7] ~= '' and ARGV[8] or source[3])", "(ARGV[9] ~= '' and ARGV[9] or source[4])")}
redis.call('HSET', KEYS[1], 'from', ARGV[10], 'at', upTo, 'seq', upTo, 'initial', source[5])
if upTo > 0 then
  redis.call('COPY', KEYS[S + 1], KEYS[2])
  redis.call('LTRIM', KEYS[2], 0, upTo - 1)
  redis.call('PERSIST', KEYS[2])
  redis.call('COPY', KEYS[S + 2], KEYS[3])
  redis.call('PERSIST', KEYS[3])
  for i = upTo, last - 1, 1000 do
    local ids = redis.call('LRANGE', KEYS[S + 1], i, math.min(i + 999, last - 1))
    for n, text in ipairs(ids) do ids[n] = string.sub(text, 1, string.find(text, '\\0', 1, true) - 1) end
    redis.call('HDEL', KEYS[3], unpack(ids))
  end
end
if tonumber(source[5]) > 0 then
  redis.call('COPY', KEYS[S + 3], KEYS[5])
  redis.call('PERSIST', KEYS[5])
end
${MERGE}
merge(KEYS[4], 19)
redis.call('HSET', KEYS[1], 'states', redis.call('HLEN', KEYS[4]))
local invocation, attempt, cancel = false, 0, false
${PATCH}
patch(13)
${RETAIN}
return {'ok'}
`);
