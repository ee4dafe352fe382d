import { defineScript, type Script } from "../script.ts";
import { DAMAGE, EXPIRE, MERGE, NOW, PATCH, TOUCH } from "./lua-parts.ts";

/**
 * Stores one event, all or nothing.
 *
 * KEYS: those of a session (`lua-parts.ts`); or the first three alone, when the append changes neither state nor header and
 * nothing expires.
 *
 * ARGV: 1 incarnation; 2 event id; 3 data; 4 expected last sequence, or ''; 5 lease id, or ''; 6 how long the lease lasts
 * from now, ms; 7 `1` when the reply is waited for to be durable, else ''; 8 `PUBLISH`, `SPUBLISH` or '' for no hint; 9 channel.
 * With all keys also: 10 time to live of the session, ms, or ''; 11 user id; 12 session id; 13–18 the header's patch; 19 a
 * change of the app's state for the outbox, or ''; 20… changes of the session's, the user's and (with its keys) the app's
 * state.
 *
 * Returns `ok`, sequence, last update time (ms), whether it was there before (0, 1), whether a cancel was asked for (0, 1) and
 * how many changes lie in the outbox; or `gone`; `id-conflict`, `fenced`, `conflict` and the last sequence; `whole` when
 * all keys are needed; `damaged` and the part that lacks.
 */
export const APPEND: Script = defineScript(/* lua */ `
local h = redis.call('HMGET', KEYS[1],
  'inc', 'seq', 'ut', 'li', 'can', 'ttl', 'lu', 'inv', 'att', 'ser', 'states', 'kept')
if not h[1] and redis.call('EXISTS', KEYS[2], KEYS[3]) > 0 then return {'damaged', 'header'} end
if h[1] ~= ARGV[1] then return {'gone'} end
local last = tonumber(h[2])
if redis.call('LLEN', KEYS[2]) ~= last then return {'damaged', 'events'} end
if redis.call('HLEN', KEYS[3]) ~= last then return {'damaged', 'ids'} end
local isWhole = #KEYS > 3
local pending = isWhole and redis.call('LLEN', KEYS[7]) or 0
local cancel = h[5]

local known = redis.call('HGET', KEYS[3], ARGV[2])
if known then
  if redis.call('LINDEX', KEYS[2], known - 1) ~= ARGV[2] .. '\\0' .. ARGV[3] then return {'id-conflict', last} end
  -- Replicas are waited for from this connection's last write on (Redis 8): without one a new connection waits for nothing.
  if ARGV[7] == '1' then redis.call('HSET', KEYS[1], 'ut', h[3]) end
  return {'ok', tonumber(known), tonumber(h[3]), 1, cancel and 1 or 0, pending}
end
if ARGV[5] ~= '' and ARGV[5] ~= h[4] then return {'fenced', last} end
if ARGV[4] ~= '' and tonumber(ARGV[4]) ~= last then return {'conflict', last} end
if not isWhole and h[6] then return {'whole'} end

${NOW}
local app = KEYS[12] ~= nil
${DAMAGE}
if isWhole then
  local lacks = damage(last, h[11], h[12])
  if lacks then return {'damaged', lacks} end
  ${TOUCH}
end

local sequence = last + 1
local updated = math.max(now, tonumber(h[3]))
redis.call('HSET', KEYS[1], 'seq', sequence, 'ut', updated)
redis.call('RPUSH', KEYS[2], ARGV[2] .. '\\0' .. ARGV[3])
redis.call('HSET', KEYS[3], ARGV[2], sequence)
local leaseUntil = h[4] and h[7]
if ARGV[5] ~= '' then
  leaseUntil = now + ARGV[6]
  redis.call('HSET', KEYS[1], 'lu', leaseUntil)
end
if isWhole then
  local user, member = ARGV[11], ARGV[12] .. '\\0' .. h[1]
  local invocation, attempt, serial = h[8], tonumber(h[9]), h[10]
  ${PATCH}
  patch(13)
  ${MERGE}
  local p = merge(KEYS[4], 20)
  redis.call('HSET', KEYS[1], 'states', redis.call('HLEN', KEYS[4]))
  p = merge(KEYS[8], p)
  if app then merge(KEYS[12], p) end
  if ARGV[19] ~= '' then
    pending = redis.call('RPUSH', KEYS[7], h[1] .. '\\0' .. sequence .. '\\0' .. ARGV[19])
  end
  local ttl = ARGV[10] ~= '' and ARGV[10] or h[6]
  if ttl then
    redis.call('HSET', KEYS[1], 'ttl', ttl, 'exp', now + ttl)
    ${EXPIRE}
    expire(now + ttl, leaseUntil)
  end
end
if ARGV[8] ~= '' then redis.pcall(ARGV[8], ARGV[9], sequence .. ' ' .. h[1]) end
return {'ok', sequence, updated, 0, cancel and 1 or 0, pending}
`);
