import { sumsOf } from '../books.js';
import type { Books } from '../books.js';
import { CROWD_TENANT } from '../crowd.js';
import type { RedisState } from '../redis-state.js';

const OWNER = `tenant:${CROWD_TENANT}`;

/** What the limits hold to be spent by requests that were settled: without what their gateways died too early to write down. */
export async function settledNanoUsd(redis: RedisState): Promise<number> {
  const { charged } = await redis.budget(CROWD_TENANT, OWNER);
  const { nanoUsd } = await redis.unsettled(CROWD_TENANT, OWNER);
  return charged - nanoUsd;
}

/** The difference between ledger and limits, nano-USD: positive when the limits have lost spend. */
export async function driftNanoUsd(books: Books, redis: RedisState): Promise<number> {
  return sumsOf(await books.rows()).costNanoUsd - (await settledNanoUsd(redis));
}
