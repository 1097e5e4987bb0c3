import { Redis } from 'ioredis';

/** A budget as Redis has it, nano-USD. */
export interface BudgetState {
  readonly charged: number;
  /** Part of it that running requests hold. */
  readonly held: number;
}

/** A bucket as it was last written: sixty-thousandths of a token, and when, Unix milliseconds. */
export interface BucketState {
  readonly level: number;
  readonly atMs: number;
}

/** What the limits keep in Redis, read from outside of them. */
export class RedisState {
  private readonly redis: Redis;

  constructor(url: string) {
    this.redis = new Redis(url);
    // It is killed on purpose; a command that then fails says so.
    this.redis.on('error', () => undefined);
  }

  /** `owner` is `key:<id>` or `tenant:<id>`. */
  async budget(tenant: string, owner: string, dimension = 'budget_total'): Promise<BudgetState> {
    const [charged, held] = await this.redis.hmget(limitKey(tenant, owner, dimension), 'charged', 'held');
    return { charged: Number(charged ?? 0), held: Number(held ?? 0) };
  }

  /** `null` = full, and so it was never written. */
  async bucket(tenant: string, owner: string, dimension: string): Promise<BucketState | null> {
    const stored = await this.redis.get(limitKey(tenant, owner, dimension));
    const [level, atMs] = (stored ?? '').split(' ');
    return stored === null ? null : { level: Number(level), atMs: Number(atMs) };
  }

  /** Ids of the requests that hold a slot, lapsed ones left out. */
  async slots(tenant: string, owner: string): Promise<readonly string[]> {
    const [seconds, microseconds] = await this.redis.time();
    const nowMs = Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
    return this.redis.zrangebyscore(limitKey(tenant, owner, 'concurrency'), `(${nowMs}`, '+inf');
  }

  /** Ids of the reservations that are neither settled nor lapsed. */
  leases(tenant: string): Promise<readonly string[]> {
    return this.redis.zrange(`switchyard:{${tenant}}:leases`, '0', '-1');
  }

  /**
   * What reservations took of a budget whose request nobody has settled: its gateway died before it could write the request
   * down, and its lease has ended or will. Nano-USD, and how many they are.
   */
  async unsettled(
    tenant: string,
    owner: string,
    dimension = 'budget_total',
  ): Promise<{ readonly nanoUsd: number; readonly count: number }> {
    const keys = await this.redis.keys(`switchyard:{${tenant}}:reservation:*`);
    const budget = limitKey(tenant, owner, dimension);
    let nanoUsd = 0;
    let count = 0;
    for (const key of keys) {
      const [state, ...charges] = ((await this.redis.get(key)) ?? '').split(';');
      if (state !== 'lapsed' && state !== 'running') continue;
      const costs = charges.map((charge) => charge.split(',')).filter(([, limit]) => limit === budget);
      if (costs.length > 0) count += 1;
      for (const [, , , , cost] of costs) nanoUsd += Number(cost);
    }
    return { nanoUsd, count };
  }

  /** Asks the server for anything: `command('CONFIG', 'SET', 'maxmemory', '5mb')`. Rejects as the server does. */
  command(name: string, ...args: readonly string[]): Promise<unknown> {
    return this.redis.call(name, [...args]);
  }

  /** Milliseconds that each key still lives; those that live for ever are left out. */
  async lifetimes(): Promise<ReadonlyMap<string, number>> {
    const keys = await this.redis.keys('*');
    const left = await Promise.all(keys.map(async (key) => [key, await this.redis.pttl(key)] as const));
    return new Map(left.filter(([, ms]) => ms >= 0));
  }

  /** Every key with its value, whatever its type, as text. */
  async everything(): Promise<readonly string[]> {
    const keys = await this.redis.keys('*');
    return Promise.all(keys.map(async (key) => `${key} ${JSON.stringify(await this.valueOf(key))}`));
  }

  close(): void {
    this.redis.disconnect();
  }

  private async valueOf(key: string): Promise<unknown> {
    const type = await this.redis.type(key);
    switch (type) {
      case 'string':
        return this.redis.get(key);
      case 'hash':
        return this.redis.hgetall(key);
      case 'list':
        return this.redis.lrange(key, 0, -1);
      case 'set':
        return this.redis.smembers(key);
      case 'zset':
        return this.redis.zrange(key, '0', '-1');
      case 'stream':
        return this.redis.xrange(key, '-', '+');
      case 'none':
        return null;
      default:
        throw new Error(`a value of the type ${type} cannot be read here`);
    }
  }
}

function limitKey(tenant: string, owner: string, dimension: string): string {
  return `switchyard:{${tenant}}:limit:${owner}:${dimension}`;
}
