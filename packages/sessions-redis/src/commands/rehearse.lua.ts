import { defineScript, type Script } from "../script.ts";

/**
 * Says which layout this is, where nothing did, and does once all that the other scripts do: what the user may not do fails
 * here, and not in the middle of one of them.
 *
 * KEYS: 1 the layout; 2 a key that is removed at the end.
 *
 * ARGV: 1 the layout as this version writes it.
 *
 * Returns the layout as it is stored.
 */
export const REHEARSE: Script = defineScript(/* lua */ `
redis.call('SET', KEYS[2], 1)
redis.call('GET', KEYS[2])
redis.call('STRLEN', KEYS[2])
redis.call('EXISTS', KEYS[2])
redis.call('TIME')
redis.call('UNLINK', KEYS[2])
redis.call('HSET', KEYS[2], 'a', 1)
redis.call('HGET', KEYS[2], 'a')
redis.call('HMGET', KEYS[2], 'a')
redis.call('HLEN', KEYS[2])
redis.call('HDEL', KEYS[2], 'a')
redis.call('RPUSH', KEYS[2], 1)
redis.call('LLEN', KEYS[2])
redis.call('LINDEX', KEYS[2], 0)
redis.call('LRANGE', KEYS[2], 0, -1)
redis.call('LTRIM', KEYS[2], 0, 0)
redis.call('PERSIST', KEYS[2])
redis.call('COPY', KEYS[1], KEYS[2])
redis.call('PEXPIREAT', KEYS[2], 1)
redis.call('ZADD', KEYS[2], 1, 'a')
redis.call('ZCARD', KEYS[2])
redis.call('ZSCORE', KEYS[2], 'a')
redis.call('ZREVRANGE', KEYS[2], 0, 0)
redis.call('ZREM', KEYS[2], 'a')
redis.call('SET', KEYS[1], ARGV[1], 'NX')
return redis.call('GET', KEYS[1])
`);
