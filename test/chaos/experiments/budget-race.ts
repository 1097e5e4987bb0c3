import { setTimeout as pause } from 'node:timers/promises';
import { Books, sumsOf } from '../books.js';
import type { Row } from '../books.js';
import { ask } from '../client.js';
import type { Reply } from '../client.js';
import { Deployment, MODELS } from '../deployment.js';
import type { GatewayProcess } from '../gateway-process.js';
import type { ExperimentOptions } from '../experiment.js';
import { RedisState } from '../redis-state.js';
import { otherAnswers } from './answers.js';
import { settledRows } from './settled-rows.js';
import { until } from '../until.js';
import { Verdict } from '../verdict.js';

const GATEWAYS = 4;
const CLIENTS = 200;
/** Requests that the budget is made for. */
const REQUESTS_MEANT = 50;
const TENANT = 'race';
const RETRY_MS = 50;
const NANO_PER_USD = 1e9;
const OPEN = { id: 'open', secret: 'sk-race-open-0123456789', budgetUsd: 1_000 };

interface RaceKey {
  readonly id: string;
  readonly secret: string;
  readonly budgetUsd: number;
}

interface Race {
  readonly verdict: Verdict;
  readonly budgetNanoUsd: number;
  /** The most that one request could cost, as it was reserved. */
  readonly worstNanoUsd: number;
  readonly replies: readonly Reply[];
  readonly rows: readonly Row[];
}

/** Two hundred clients at once on a budget for fifty, each coming again until it is served or told that the budget is used up. */
export async function budgetRace({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const deployment = await Deployment.start({
    ...{ program, gateways: GATEWAYS, workers: 1, redis: [], postgres: true },
    config: callers([OPEN]),
  });
  const redis = new RedisState(deployment.redis.url);
  const books = Books.of(deployment);
  const verdicts: Verdict[] = [];
  const keys: RaceKey[] = [OPEN];
  try {
    const { meanNanoUsd, worstNanoUsd } = await measure(deployment, redis);
    for (let round = 1; round <= (isQuick ? 1 : 5); round += 1) {
      const verdict = new Verdict(`budget race ${round}`);
      verdicts.push(verdict);
      const budgetNanoUsd = REQUESTS_MEANT * meanNanoUsd;
      const key = {
        id: `race-${round}`,
        secret: `sk-race-${round}-0123456789`,
        budgetUsd: budgetNanoUsd / NANO_PER_USD,
      };
      keys.push(key);
      await configure(deployment, keys);
      const replies = await race(deployment, key);
      const rows = await settledRows({ books, redis, tenant: TENANT, keyId: key.id });
      const { charged, held } = await redis.budget(TENANT, `key:${key.id}`);
      judge({ verdict, budgetNanoUsd, worstNanoUsd, replies, rows });
      verdict.same('charged_nano_usd', charged, sumsOf(rows).costNanoUsd);
      verdict.same('held_nano_usd', held, 0);
    }
  } finally {
    redis.close();
    await books.close();
    await deployment.remove();
  }
  return verdicts;
}

function callers(keys: readonly RaceKey[]): { tenants: { id: string }[]; keys: object[] } & Record<string, never> {
  const entries = keys.map(({ id, secret, budgetUsd }) => ({
    ...{ id, tenant: TENANT, key: secret },
    limits: { budget_usd: { total: budgetUsd } },
  }));
  return { tenants: [{ id: TENANT }], keys: entries } as never;
}

/** Gives all gateways these keys, and waits until each knows the last of them. */
async function configure({ gateways }: Deployment, keys: readonly RaceKey[]): Promise<void> {
  for (const gateway of gateways) gateway.configure(callers(keys));
  const last = keys.at(-1)?.secret ?? '';
  for (const gateway of gateways) await until('the new key is known', () => isKnown(gateway, last));
}

async function isKnown({ url }: GatewayProcess, secret: string): Promise<boolean> {
  const answer = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${secret}` } });
  await answer.arrayBuffer();
  return answer.ok;
}

/** What such a request costs, and what is reserved for it at most. */
async function measure(
  { gateways }: Deployment,
  redis: RedisState,
): Promise<{ readonly meanNanoUsd: number; readonly worstNanoUsd: number }> {
  const costs: number[] = [];
  let worstNanoUsd = 0;
  for (const [number, { url }] of gateways.entries()) {
    const reply = ask({ url, secret: OPEN.secret, tag: `measure-${number}`, model: MODELS.late });
    await until('it is reserved', async () => (await redis.budget(TENANT, `key:${OPEN.id}`)).held > 0);
    worstNanoUsd = Math.max(worstNanoUsd, (await redis.budget(TENANT, `key:${OPEN.id}`)).held);
    const { costNanoUsd } = await reply;
    if (costNanoUsd === null) throw new Error('the answer does not say what it cost');
    costs.push(costNanoUsd);
    await until('it is settled', async () => (await redis.budget(TENANT, `key:${OPEN.id}`)).held === 0);
  }
  return { meanNanoUsd: Math.round(costs.reduce((sum, cost) => sum + cost, 0) / costs.length), worstNanoUsd };
}

async function race(deployment: Deployment, { id, secret }: RaceKey): Promise<readonly Reply[]> {
  const replies: Reply[] = [];
  const client = async (_: unknown, number: number): Promise<void> => {
    const { url } = deployment.gatewayAt(number);
    for (let attempt = 1; ; attempt += 1) {
      const reply = await ask({ url, secret, tag: `${id}-${number}-${attempt}`, model: MODELS.late });
      replies.push(reply);
      if (reply.status !== 429 || reply.errorCode === 'insufficient_quota') return;
      await pause(RETRY_MS);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return replies;
}

function judge({ verdict, budgetNanoUsd, worstNanoUsd, replies, rows }: Race): void {
  const spent = sumsOf(rows).costNanoUsd;
  const exhausted = replies.filter(({ errorCode }) => errorCode === 'insufficient_quota');
  const waiting = replies.filter(({ status, errorCode }) => status === 429 && errorCode !== 'insufficient_quota');
  const served = replies.filter(({ status }) => status === 200);
  verdict.figure('budget_nano_usd', budgetNanoUsd);
  verdict.figure('spent_nano_usd', spent);
  verdict.figure('worst_case_nano_usd', worstNanoUsd);
  verdict.figure('served', served.length);
  verdict.figure('told_to_wait', waiting.length);
  verdict.figure('told_exhausted', exhausted.length);
  verdict.same('other_answers', otherAnswers(replies), '{}');
  verdict.same('records', rows.length, served.length);
  verdict.expect('the budget was overspent', spent <= budgetNanoUsd);
  verdict.expect('the clients were told other sums than were booked', told(served) === spent);
  // When a client was told that the budget is used up, one more request did not fit beside what had been spent by then.
  const early = exhausted.filter(({ endedMs }) => spentBy(rows, endedMs) + worstNanoUsd <= budgetNanoUsd);
  verdict.same('false_refusals', early.length, 0);
}

function told(replies: readonly Reply[]): number {
  return replies.reduce((sum, { costNanoUsd }) => sum + (costNanoUsd ?? 0), 0);
}

function spentBy(rows: readonly Row[], moment: number): number {
  const ended = rows.filter(({ createdAtMs, latencyMs }) => createdAtMs + Math.floor(latencyMs) <= moment);
  return sumsOf(ended).costNanoUsd;
}
