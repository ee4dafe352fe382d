import { defineScript, type Script } from "../script.ts";
import { DAMAGE, EXPIRE, LEFTOVERS, NOW, PATCH, TOUCH } from "./lua-parts.ts";

/**
 * Acquires, renews or releases. The fence is the lease's id, current and unreleased; the id released last takes no lease: a
 * late copy of its acquire would.
 *
 * KEYS: those of a session (`lua-parts.ts`).
 *
 * ARGV: 1 `acquire`, `renew` or `release`; 2 lease id; 3 owner; 4 how long it lasts from now, ms; 5 the invocation that has
 * ended, or ''; 6 `1` when the reply is waited for to be durable, else ''; 7 user id; 8 session id; 9–14 the header's patch.
 *
 * Returns `ok`, incarnation, epoch, attempt, how long the lease still lasts (ms), whether a cancel was asked for (0, 1), last
 * sequence, open invocation or ''; `not-found`; `busy` and for how long (ms); `fenced` and the last sequence; `damaged` and
 * the part that lacks.
 */
export const LEASE: Script = defineScript(/* lua */ `
local h = redis.call('HMGET', KEYS[1],
  'inc', 'seq', 'li', 'lu', 'rl', 'ep', 'att', 'can', 'inv', 'ser', 'ttl', 'exp', 'states', 'kept')
if not h[1] then
  if ${LEFTOVERS} then return {'damaged', 'header'} end
  return {'not-found'}
end
${DAMAGE}
local lacks = damage(h[2], h[13], h[14])
if lacks then return {'damaged', lacks} end
${NOW}
local app = KEYS[12] ~= nil
${TOUCH}
local last, holder, leaseUntil = tonumber(h[2]), h[3], h[3] and tonumber(h[4])
local epoch, attempt, cancel, invocation, serial = tonumber(h[6]), tonumber(h[7]), h[8], h[9], h[10]
local user, member = ARGV[7], ARGV[8] .. '\\0' .. h[1]
if ARGV[1] == 'acquire' then
  if holder == ARGV[2] then
    leaseUntil = now + ARGV[4]
    redis.call('HSET', KEYS[1], 'lu', leaseUntil)
  elseif h[5] == ARGV[2] then
    return {'fenced', last}
  elseif holder and leaseUntil > now then
    return {'busy', leaseUntil - now}
  else
    leaseUntil = now + ARGV[4]
    epoch = math.max(epoch + 1, now)
    if invocation then attempt = attempt + 1 end
    redis.call('HSET', KEYS[1], 'li', ARGV[2], 'lo', ARGV[3], 'lu', leaseUntil, 'ep', epoch, 'att', attempt)
  end
elseif ARGV[1] == 'renew' then
  if holder ~= ARGV[2] then return {'fenced', last} end
  leaseUntil = now + ARGV[4]
  redis.call('HSET', KEYS[1], 'lu', leaseUntil)
elseif holder == ARGV[2] then
  redis.call('HSET', KEYS[1], 'rl', ARGV[2])
  redis.call('HDEL', KEYS[1], 'li', 'lo', 'lu')
  leaseUntil = nil
  ${PATCH}
  patch(9)
  if invocation and invocation == ARGV[5] then
    invocation, attempt, cancel = false, 0, false
    redis.call('HSET', KEYS[1], 'att', 0)
    redis.call('HDEL', KEYS[1], 'inv', 'can')
    unmark(11, 15)
  end
elseif ARGV[6] == '1' then
  redis.call('HSET', KEYS[1], 'ep', epoch)
end
${EXPIRE}
if h[11] then expire(h[12], leaseUntil) end
return {'ok', h[1], epoch, attempt, math.max(0, (leaseUntil or now) - now), cancel and 1 or 0, last, invocation or ''}
`);
