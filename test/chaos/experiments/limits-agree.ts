import { sumsOf } from '../books.js';
import type { Books } from '../books.js';
import { CROWD_TENANT } from '../crowd.js';
import type { RedisState } from '../redis-state.js';

const OWNER = `tenant:${CROWD_TENANT}`;

/** What ledger and limits make of the same spend, nano-USD. */
export interface Agreement {
  readonly ledger: number;
  /** Everything that a budget counts as spent. */
  readonly charged: number;
  /** Part of it that was reserved by requests whose gateway died too early to write them down. */
  readonly unsettled: number;
  /** Spend that the limits have lost: 0 = the settled requests of both are the same, to the nano-dollar. */
  readonly drift: number;
}

export async function agreement(books: Books, redis: RedisState): Promise<Agreement> {
  const ledger = sumsOf(await books.rows()).costNanoUsd;
  const { charged } = await redis.budget(CROWD_TENANT, OWNER);
  const { nanoUsd: unsettled } = await redis.unsettled(CROWD_TENANT, OWNER);
  return { ledger, charged, unsettled, drift: ledger - (charged - unsettled) };
}

export async function driftNanoUsd(books: Books, redis: RedisState): Promise<number> {
  return (await agreement(books, redis)).drift;
}
