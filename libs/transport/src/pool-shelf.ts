import type { Pool } from 'undici';

/**
 * The pools of connections in use, by key. Those of passing strangers are given up with their last connection, and are the
 * first to go when there are too many; a pool in use is never closed, so there are at most `max` or as many as requests run.
 */
export class PoolShelf {
  private readonly kept = new Map<string, Pool>();
  private readonly passing = new Map<string, Pool>();

  constructor(private readonly max: number) {}

  get size(): number {
    return this.kept.size + this.passing.size;
  }

  get(key: string): Pool | undefined {
    return this.kept.get(key) ?? this.passing.get(key);
  }

  put(key: string, pool: Pool, isPassing: boolean): Pool {
    if (this.size >= this.max && !closeIdle(this.passing)) closeIdle(this.kept);
    if (isPassing) this.putPassing(key, pool);
    else this.kept.set(key, pool);
    return pool;
  }

  /** Closes everything at once; resolves when every socket is closed. */
  async destroy(): Promise<void> {
    const pools = [...this.kept.values(), ...this.passing.values()];
    this.kept.clear();
    this.passing.clear();
    await Promise.all(pools.map((pool) => pool.destroy()));
  }

  private putPassing(key: string, pool: Pool): void {
    this.passing.set(key, pool);
    const giveUp = (): void => {
      // undici tells of a connection's end before it has counted it, and hands what waits to the next one.
      setImmediate(() => {
        if (this.passing.get(key) !== pool || pool.stats.size > 0 || pool.stats.connected > 0) return;
        this.passing.delete(key);
        void pool.close();
      });
    };
    pool.on('disconnect', giveUp);
    pool.on('connectionError', giveUp);
  }
}

/** Closes the oldest pool without a request, if there is one. Reloads of the configuration leave pools behind that nobody asks for. */
function closeIdle(pools: Map<string, Pool>): boolean {
  for (const [key, pool] of pools) {
    if (pool.stats.size > 0) continue;
    pools.delete(key);
    void pool.close();
    return true;
  }
  return false;
}
