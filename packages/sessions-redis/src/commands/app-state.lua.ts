import { defineScript, type Script } from "../script.ts";
import { MERGE } from "./lua-parts.ts";

/**
 * Applies a change out of a session's outbox to the app's state, once: it remembers the last sequence of that life.
 *
 * KEYS: 1 the app's state; 2 the last sequence applied.
 *
 * ARGV: 1 sequence; 2… the change (`lua-parts.ts`).
 *
 * Returns whether it was applied now (0, 1).
 */
export const APPLY: Script = defineScript(/* lua */ `
redis.call('HLEN', KEYS[1])
local applied = redis.call('GET', KEYS[2])
if applied and tonumber(applied) >= tonumber(ARGV[1]) then
  -- For who waits for replicas; and what was to be forgotten is needed again.
  redis.call('SET', KEYS[2], applied)
  return 0
end
redis.call('SET', KEYS[2], ARGV[1])
${MERGE}
merge(KEYS[1], 2)
return 1
`);

/**
 * Puts a life into the app's index before it is created elsewhere.
 *
 * KEYS: 1 the app's index.
 *
 * ARGV: 1 its name there.
 *
 * Returns its serial, a text: the one that it has, or a new one in microseconds since the Unix epoch.
 */
export const ENROL: Script = defineScript(/* lua */ `
local serial = redis.call('ZSCORE', KEYS[1], ARGV[1])
if serial then return string.format('%.0f', serial) end
local t = redis.call('TIME')
local newest = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
serial = math.max(t[1] * 1000000 + t[2], tonumber(newest[2] or 0) + 1)
redis.call('ZADD', KEYS[1], serial, ARGV[1])
return string.format('%.0f', serial)
`);

/**
 * Puts a life among the app's waiting or open sessions before that is so elsewhere.
 *
 * KEYS: 1 the set.
 *
 * ARGV: 1 its name there.
 *
 * Returns the server's time, ms.
 */
export const MARK: Script = defineScript(/* lua */ `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
return now
`);

/**
 * Takes a life out of the app's waiting or open sessions, if it was put there long ago and not again since.
 *
 * KEYS: 1 the set.
 *
 * ARGV: 1 its name there; 2 its score as it was read; 3 how long ago it must be, ms.
 *
 * Returns whether it was taken out (0, 1).
 */
export const FORGET: Script = defineScript(/* lua */ `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local score = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or 0)
if score ~= tonumber(ARGV[2]) or score > now - ARGV[3] then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])
`);
