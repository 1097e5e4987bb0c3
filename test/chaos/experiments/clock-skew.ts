import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { Books } from '../books.js';
import { load } from '../client.js';
import type { Ask, Reply } from '../client.js';
import { Deployment, MODELS } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import { RedisState } from '../redis-state.js';
import { rounded, Verdict } from '../verdict.js';
import { otherAnswers } from './answers.js';
import { settledRows } from './settled-rows.js';

const TENANT = 'skew';
const KEY = { id: 'skewed', secret: 'sk-skew-0123456789' };
const PER_MINUTE = 600;
const MINUTE_MS = 60_000;
const CONNECTIONS = 16;
const PATIENCE_MS = 25;
const SHIFTS_MS = [90_000, -90_000];
const USABLE = 0.99;
const CLOCK = pathToFileURL(join(import.meta.dirname, '../shifted-clock.mjs')).href;
/** A clock of a process that is right differs by less from the moment that a record names. */
const NEAR_MS = 2_000;

/** One of two gateways has its clock a minute and a half wrong: limits, records and waits know nothing of it. */
export async function clockSkew({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const shiftMs of SHIFTS_MS) verdicts.push(await withShift(shiftMs, { program, isQuick }));
  return verdicts;
}

async function withShift(shiftMs: number, { program, isQuick }: ExperimentOptions): Promise<Verdict> {
  const verdict = new Verdict(`one of two clocks is wrong by ${shiftMs / 1_000} s`);
  const limits = { requests_per_minute: PER_MINUTE, concurrency: 1_000, budget_usd: { total: 100, day: 100 } };
  const deployment = await Deployment.start({
    ...{ program, gateways: 2, workers: 1, redis: [], postgres: true },
    config: { tenants: [{ id: TENANT }], keys: [{ id: KEY.id, tenant: TENANT, key: KEY.secret, limits }] },
    nodeFlags: (gateway) => (gateway === 1 ? ['--import', `${CLOCK}?ms=${shiftMs}`] : []),
  });
  const books = Books.of(deployment);
  const redis = new RedisState(deployment.redis.url);
  try {
    const startMs = Date.now();
    const endMs = startMs + (isQuick ? 5_000 : MINUTE_MS);
    const replies: Reply[] = [];
    let sent = 0;
    const next = (): Ask | null => {
      const { url } = deployment.gatewayAt((sent += 1));
      return Date.now() >= endMs ? null : { url, secret: KEY.secret, tag: `s-${sent}`, model: MODELS.quick };
    };
    await load(CONNECTIONS, next, async (reply) => {
      replies.push(reply);
      if (reply.status !== 200) await pause(PATIENCE_MS);
    });
    const rows = await settledRows({ books, redis, tenant: TENANT, keyId: KEY.id });
    const bound = PER_MINUTE * (1 + (endMs - startMs) / MINUTE_MS);
    verdict.figure('admitted', rows.length);
    verdict.figure('bound', rounded(bound));
    verdict.expect('more was admitted than the limit', rows.length <= bound + 1);
    verdict.expect('less than 99 % of the limit could be used', rows.length >= USABLE * bound);
    verdict.same('other_answers', otherAnswers(replies), '{}');
    const isNear = (atMs: number): boolean => atMs > startMs - NEAR_MS && atMs < Date.now() + NEAR_MS;
    verdict.same('records_at_the_wrong_time', rows.filter(({ createdAtMs }) => !isNear(createdAtMs)).length, 0);
    const isWait = (seconds: number | null): boolean => seconds === null || (seconds >= 0 && seconds <= 60);
    verdict.same('waits_out_of_range', replies.filter(({ retryAfterS }) => !isWait(retryAfterS)).length, 0);
    // A bucket is full again within a minute, a day ends within a day, and both are kept for as long again.
    const lifetimes = [...(await redis.lifetimes()).values()];
    verdict.figure('keys_that_end', lifetimes.length);
    verdict.same('lifetimes_out_of_range', lifetimes.filter((ms) => ms > 49 * 60 * MINUTE_MS).length, 0);
  } finally {
    redis.close();
    await books.close();
    await deployment.remove();
  }
  return verdict;
}
