/**
 * Pieces that several scripts share. In a session's script `KEYS` are always, in this order:
 *
 * 1 header, 2 events, 3 ids, 4 state, 5 initial state, 6 kept, 7 outbox; 8 the user's state, 9 its index, 10 its waiting and
 * 11 its open sessions; and, where the app's keys are reachable from here, 12 the app's state, 13 its index, 14 its waiting
 * and 15 its open sessions.
 *
 * Redis undoes nothing of a script that fails half way: each one reads all that it will write before its first write, so
 * that a key of a wrong type fails there. The first write is one that Redis refuses when its memory is full; what follows
 * in the same script then passes.
 */

/** `now`: milliseconds since the Unix epoch, by the server's clock; `t` in seconds and microseconds. */
export const NOW = `local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)`;

/** Fails for a key of a wrong type. O(1) each. */
export const TOUCH = `redis.call('HLEN', KEYS[8])
redis.call('LLEN', KEYS[7])
for i = 9, 11 do redis.call('ZCARD', KEYS[i]) end
if app then
  redis.call('HLEN', KEYS[12])
  for i = 13, 15 do redis.call('ZCARD', KEYS[i]) end
end`;

/** What lacks of a session: eviction, or somebody's DEL. Wants `last`, `stateCount` and `hasKept` as the header has them. */
export const DAMAGE = `local function damage(last, stateCount, hasKept)
  if redis.call('LLEN', KEYS[2]) ~= tonumber(last) then return 'events' end
  if redis.call('HLEN', KEYS[3]) ~= tonumber(last) then return 'ids' end
  if redis.call('HLEN', KEYS[4]) ~= tonumber(stateCount) then return 'state' end
  if (redis.call('STRLEN', KEYS[6]) > 0) ~= (hasKept ~= false) then return 'kept' end
end`;

/** Whether parts are there without their header. */
export const LEFTOVERS = `redis.call('EXISTS', KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]) > 0`;

/**
 * `merge(key, p)`: from `ARGV[p]` on, how many keys to remove and their names, how many to set and their names and values.
 * Gives the place behind. Removals first: a key that stands in both is set. In slices: Lua gives about 8,000 values at once.
 */
export const MERGE = `local function merge(key, p)
  local count = tonumber(ARGV[p])
  for i = p + 1, p + count, 4000 do
    redis.call('HDEL', key, unpack(ARGV, i, math.min(i + 3999, p + count)))
  end
  p = p + 1 + count
  count = tonumber(ARGV[p]) * 2
  for i = p + 1, p + count, 4000 do
    redis.call('HSET', key, unpack(ARGV, i, math.min(i + 3999, p + count)))
  end
  return p + 1 + count
end`;

/**
 * `expire(untilMs, leaseUntil)`: all of a session ends at one moment, not before a lease that is held.
 */
export const EXPIRE = `local function expire(untilMs, leaseUntil)
  local at = math.max(tonumber(untilMs), tonumber(leaseUntil or 0))
  for i = 1, 6 do redis.call('PEXPIREAT', KEYS[i], at) end
end`;

/**
 * `patch(p)`: the header's patch in six words from `ARGV[p]` on: invocation (`''`: as it is), first sequence of the window
 * (`''`: as it is), `s` (set) `d` (delete) or `''` and the calls that wait, the same and what is kept. Wants `now`,
 * `invocation`, `attempt`, `serial`, `member`, `user` and `app`; sets the first two anew, and `cancel`.
 */
export const PATCH = `local function mark(own, everybody)
  redis.call('ZADD', KEYS[own], serial, member)
  if app then redis.call('ZADD', KEYS[everybody], now, user .. '\\0' .. member) end
end
local function unmark(own, everybody)
  redis.call('ZREM', KEYS[own], member)
  if app then redis.call('ZREM', KEYS[everybody], user .. '\\0' .. member) end
end
local function patch(p)
  if ARGV[p] ~= '' and ARGV[p] ~= invocation then
    invocation, attempt, cancel = ARGV[p], 1, false
    redis.call('HSET', KEYS[1], 'inv', invocation, 'att', 1)
    redis.call('HDEL', KEYS[1], 'can')
    mark(11, 15)
  end
  if ARGV[p + 1] ~= '' then redis.call('HSET', KEYS[1], 'win', ARGV[p + 1]) end
  if ARGV[p + 2] == 's' then
    redis.call('HSET', KEYS[1], 'pc', ARGV[p + 3])
    mark(10, 14)
  elseif ARGV[p + 2] == 'd' then
    redis.call('HDEL', KEYS[1], 'pc')
    unmark(10, 14)
  end
  if ARGV[p + 4] == 's' then
    redis.call('SET', KEYS[6], ARGV[p + 5])
    redis.call('HSET', KEYS[1], 'kept', 1)
  elseif ARGV[p + 4] == 'd' then
    redis.call('UNLINK', KEYS[6])
    redis.call('HDEL', KEYS[1], 'kept')
  end
end`;
