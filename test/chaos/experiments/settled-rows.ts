import { sumsOf } from '../books.js';
import type { Books, Row } from '../books.js';
import type { RedisState } from '../redis-state.js';
import { until } from '../until.js';

const SETTLED_MAX_MS = 20_000;

export interface SettledKey {
  readonly books: Books;
  readonly redis: RedisState;
  readonly tenant: string;
  readonly keyId: string;
}

/**
 * The records of a key once its last request is settled: nothing is held any more, and ledger and limits name the same sum.
 * Sums that never meet are answered as they are, for the experiment to judge.
 */
export async function settledRows({ books, redis, tenant, keyId }: SettledKey): Promise<readonly Row[]> {
  let rows: readonly Row[] = [];
  const isSettled = async (): Promise<boolean> => {
    const { charged, held } = await redis.budget(tenant, `key:${keyId}`);
    rows = (await books.rows()).filter((row) => row.keyId === keyId);
    return held === 0 && charged === sumsOf(rows).costNanoUsd && (await redis.leases(tenant)).length === 0;
  };
  await until('limits and ledger agree', isSettled, SETTLED_MAX_MS).catch(() => undefined);
  return rows;
}
