import { defineScript, type Script } from "../script.ts";
import { NOW } from "./lua-parts.ts";

const REMOVE_FROM_INDEXES = `local member = ARGV[3] .. '\\0' .. ARGV[1]
local wasListed = redis.call('ZREM', KEYS[9], member)
redis.call('ZREM', KEYS[10], member)
redis.call('ZREM', KEYS[11], member)
if KEYS[12] then
  for i = 13, 15 do redis.call('ZREM', KEYS[i], ARGV[2] .. '\\0' .. member) end
end`;

/**
 * Deletes one life of a session, and what is left of it without a header.
 *
 * KEYS: those of a session (`lua-parts.ts`).
 *
 * ARGV: 1 incarnation; 2 user id; 3 session id; 4 `PUBLISH`, `SPUBLISH` or '' for no hint; 5 channel; 6 `1`
 * when the reply is waited for to be durable, else ''.
 *
 * Returns `ok` and whether it was there (0, 1); `unsettled` when changes of the app's state are still to be applied.
 */
export const ERASE: Script = defineScript(/* lua */ `
local found = redis.call('HGET', KEYS[1], 'inc')
local isOther = found and found ~= ARGV[1]
if not isOther and redis.call('LLEN', KEYS[7]) > 0 then return {'unsettled'} end
${REMOVE_FROM_INDEXES}
if not found and ARGV[6] == '1' then
  -- A repeat: something has to be written for replicas to be waited for.
  redis.call('ZADD', KEYS[9], 0, '\\0')
  redis.call('ZREM', KEYS[9], '\\0')
end
if isOther then return {'ok', 0} end
redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6])
if found and ARGV[4] ~= '' then redis.pcall(ARGV[4], ARGV[5], 'gone ' .. ARGV[1]) end
return {'ok', found and 1 or 0}
`);

/**
 * Deletes a user's state.
 *
 * KEYS: 1 the user's state.
 *
 * ARGV: 1 `1` when the reply is waited for to be durable, else ''.
 *
 * Returns whether it was there (0, 1).
 */
export const CLEAR: Script = defineScript(/* lua */ `
local found = redis.call('UNLINK', KEYS[1])
if found == 0 and ARGV[1] == '1' then
  -- A repeat: as above.
  redis.call('SET', KEYS[1], 1)
  redis.call('UNLINK', KEYS[1])
end
return found
`);

/**
 * Removes from the indexes a life that has ended by itself.
 *
 * KEYS: those of a session (`lua-parts.ts`).
 *
 * ARGV: 1 incarnation; 2 user id; 3 session id.
 *
 * Returns `alive`, and nothing was done; `unsettled` when changes of the app's state are still to be applied; `ok`, whether
 * the user's index had it (0, 1), and the server's time, ms.
 */
export const SWEEP: Script = defineScript(/* lua */ `
local found = redis.call('HGET', KEYS[1], 'inc')
if found == ARGV[1] then return {'alive'} end
if not found and redis.call('LLEN', KEYS[7]) > 0 then return {'unsettled'} end
${REMOVE_FROM_INDEXES}
${NOW}
return {'ok', wasListed, now}
`);
