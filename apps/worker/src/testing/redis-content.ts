import type { Redis } from 'ioredis';

/** Every key with all its content, as text to search. */
export async function everythingIn(redis: Redis): Promise<string> {
  const keys = await redis.keys('*');
  const parts = await Promise.all(keys.map(async (key) => [key, await contentOf(redis, key)]));
  return JSON.stringify(parts);
}

async function contentOf(redis: Redis, key: string): Promise<unknown> {
  const type = await redis.type(key);
  switch (type) {
    case 'string':
      return redis.get(key);
    case 'hash':
      return redis.hgetall(key);
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'set':
      return redis.smembers(key);
    case 'zset':
      return redis.zrange(key, '0', '-1');
    case 'stream':
      return redis.xrange(key, '-', '+');
    default:
      throw new Error(`a key of type ${type}, which this does not read`);
  }
}
