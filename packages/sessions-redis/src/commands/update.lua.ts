import { defineScript, type Script } from "../script.ts";
import { LEFTOVERS } from "./lua-parts.ts";

/**
 * Title and labels, or a wish to cancel.
 *
 * KEYS: those of a session (`lua-parts.ts`).
 *
 * ARGV: 1 incarnation, or ''; 2 the invocation to cancel, or ''; 3 `s` (set), `d` (delete) or '', and 4 the title; 5 `PUBLISH`,
 * `SPUBLISH` or '' for no hint; 6 channel; 7 how many labels go; their names; then names and values of those that are set.
 *
 * Returns `ok`, `not-found`, `gone`, `not-open`; `damaged` and the part that lacks.
 */
export const UPDATE: Script = defineScript(/* lua */ `
local h = redis.call('HMGET', KEYS[1], 'inc', 'inv', 'labels')
if not h[1] then
  if ${LEFTOVERS} then return {'damaged', 'header'} end
  return {'not-found'}
end
if ARGV[1] ~= '' and ARGV[1] ~= h[1] then return {'gone'} end
if ARGV[2] ~= '' then
  if ARGV[2] ~= h[2] then return {'not-open'} end
  redis.call('HSET', KEYS[1], 'can', 1)
  if ARGV[5] ~= '' then redis.pcall(ARGV[5], ARGV[6], 'cancel ' .. h[1]) end
  return {'ok'}
end
local removed = tonumber(ARGV[7])
local labels = h[3] and cjson.decode(h[3]) or {}
for i = 8, 7 + removed do labels[ARGV[i]] = nil end
for i = 8 + removed, #ARGV, 2 do labels[ARGV[i]] = ARGV[i + 1] end
-- Written whatever changes: who waits for replicas waits for this.
redis.call('HSET', KEYS[1], 'inc', h[1])
if next(labels) then
  redis.call('HSET', KEYS[1], 'labels', cjson.encode(labels))
else
  redis.call('HDEL', KEYS[1], 'labels')
end
if ARGV[3] == 's' then redis.call('HSET', KEYS[1], 'title', ARGV[4]) end
if ARGV[3] == 'd' then redis.call('HDEL', KEYS[1], 'title') end
return {'ok'}
`);
