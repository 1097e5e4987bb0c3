import { Limits } from '@switchyard/limits';
import type { LimitState } from '@switchyard/limits';
import { Redis } from 'ioredis';
import { startRedis } from '../../../../test/testing/redis.js';
import type { TestRedis } from '../../../../test/testing/redis.js';
import type { MaintenanceContext } from '../maintenance/context.js';
import { NEVER, budgetOf, ownersWith, recordOf, testContext } from '../testing/context.js';
import type { TestContext } from '../testing/context.js';
import { runReconcile } from './reconcile.js';

const DAY = budgetOf('budget_day', 1_000);
const KEY_TOTAL = budgetOf('budget_total', 500, { level: 'key', owner: 'ci' });
const ALL = [DAY, KEY_TOTAL, budgetOf('requests', 10)];

let redis: TestRedis;
let admin: Redis;
let limits: Limits;
let context: TestContext;

beforeAll(async () => {
  redis = await startRedis();
  admin = new Redis(redis.url);
});

afterAll(async () => {
  admin.disconnect();
  await redis.stop();
});

/** The time is Redis' own, so that the limiter and the job mean the same windows. */
async function open(parts: Partial<MaintenanceContext> = {}): Promise<void> {
  await admin.flushall();
  limits = Limits.open({ redisUrl: redis.url, strictBudgets: false, instanceId: 'test', onEvent: () => undefined });
  await limits.whenReady(5_000);
  context = await testContext({ limits, now: Date.now, budgetedOwners: ownersWith(...ALL), ...parts });
}

afterEach(async () => {
  await limits.close();
  await context.close();
});

const left = async (): Promise<number[]> =>
  (await limits.look('acme', [DAY, KEY_TOTAL])).map(({ remaining }: LimitState) => remaining);

describe('reconciling budgets with the ledger', () => {
  it('finds no drift where the limiter knows what was spent', async () => {
    await open();
    const demand = { inputTokens: 0, outputTokens: 0, costNanoUsd: 200 };
    await limits.reserve({ id: 'a', group: 'acme', limits: [DAY, KEY_TOTAL], demand });
    limits.settle({ id: 'a', group: 'acme' }, { ...demand, costNanoUsd: 100 });
    await context.ledger.insert([recordOf({ createdAtMs: Date.now(), costNanoUsd: 100 })]);
    expect(await runReconcile(context, NEVER)).toEqual({ groups: 1, drift_nano_usd: 0, records_set_aside: 0 });
    expect(await left()).toEqual([900, 400]);
    expect(context.events).toEqual([]);
  });

  it('gives back to a limiter that lost its memory what was spent, of every budget, once', async () => {
    await open();
    await context.ledger.insert([recordOf({ createdAtMs: Date.now(), costNanoUsd: 300 })]);
    await context.ledger.insert([recordOf({ createdAtMs: 0, costNanoUsd: 50 })]);
    await admin.flushall();
    expect(await left()).toEqual([1_000, 500]);
    expect(await runReconcile(context, NEVER)).toMatchObject({ drift_nano_usd: 350 });
    expect(await left()).toEqual([700, 150]);
    expect(context.events).toEqual([{ type: 'budget_drift', group: 'acme', nanoUsd: 350 }]);
    expect(await runReconcile(context, NEVER)).toMatchObject({ drift_nano_usd: 0 });
    expect(await left()).toEqual([700, 150]);
  });

  it('counts nothing twice when it runs twice at once', async () => {
    await open();
    await context.ledger.insert([recordOf({ createdAtMs: Date.now(), costNanoUsd: 300 })]);
    await Promise.all([runReconcile(context, NEVER), runReconcile(context, NEVER)]);
    expect(await left()).toEqual([700, 200]);
  });

  it('counts nothing twice that a gateway tells the limiter while the sums rest', async () => {
    const demand = { inputTokens: 0, outputTokens: 0, costNanoUsd: 300 };
    await open({
      wait: async () => {
        await limits.reserve({ id: 'late', group: 'acme', limits: [DAY, KEY_TOTAL], demand });
        limits.settle({ id: 'late', group: 'acme' }, demand);
        await left();
      },
    });
    await context.ledger.insert([recordOf({ createdAtMs: Date.now(), costNanoUsd: 300 })]);
    expect(await runReconcile(context, NEVER)).toMatchObject({ drift_nano_usd: 0 });
    expect(await left()).toEqual([700, 200]);
  });

  it('says how many records were set aside', async () => {
    await open({ budgetedOwners: ownersWith() });
    await context.ledger.setAside('{"id":1}', 'no record');
    expect(await runReconcile(context, NEVER)).toEqual({ groups: 0, drift_nano_usd: 0, records_set_aside: 1 });
  });

  it('fails while the limiter is away, to be tried again', async () => {
    await open();
    redis.signal('SIGKILL');
    await expect(runReconcile(context, NEVER)).rejects.toMatchObject({ code: 'temporarily_unavailable' });
    await redis.restart();
  });
});
