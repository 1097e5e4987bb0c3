import { Redis } from 'ioredis';
import { startRedis } from '../../../../test/testing/redis.js';
import type { TestRedis } from '../../../../test/testing/redis.js';
import { INSTANCES_KEY } from '../limit-key.js';
import { Limits } from '../limits.js';
import type { LimitsEvent, LimitsOptions } from '../limits-options.js';
import { ManualClock } from '../testing/manual-clock.js';
import { demandOf, limitAt, limitOf, requestOf } from '../testing/requests.js';
import { until } from '../testing/until.js';
import type { Decision, Demand, Limit } from '../types.js';

/** Never reached on a busy machine, where silence is not what a test is about. */
const PATIENT_MS = 10_000;
const HASTY_MS = 300;
const GROUP = 'acme';

let redis: TestRedis;
let control: Redis;
const opened: Limits[] = [];

beforeAll(async () => {
  redis = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always']);
  control = new Redis(redis.url);
  control.on('error', () => undefined);
});

beforeEach(async () => {
  await until('Redis answers', async () => (await control.ping().catch(() => '')) === 'PONG');
  await control.flushall();
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((limits) => limits.close()));
});

afterAll(async () => {
  control.disconnect();
  await redis.stop();
});

async function gateway(change: Partial<LimitsOptions> = {}) {
  const clock = new ManualClock();
  const events: LimitsEvent[] = [];
  const instanceId = `gateway-${String(opened.length)}`;
  const limits = Limits.open({
    redisUrl: redis.url,
    strictBudgets: false,
    instanceId,
    onEvent: (event) => events.push(event),
    clock,
    random: () => 0,
    commandTimeoutMs: PATIENT_MS,
    ...change,
  });
  opened.push(limits);
  await limits.whenReady(PATIENT_MS);
  let requests = 0;
  const reserve = async (limited: readonly Limit[], demand: Partial<Demand> = {}, id?: string): Promise<Decision> => {
    requests += 1;
    return limits.reserve({
      id: id ?? `${instanceId}-${String(requests)}`,
      group: GROUP,
      ...requestOf(limited, demand),
    });
  };
  return { limits, clock, events, reserve };
}

/** Both know of each other. */
async function twoGateways(): Promise<[Gateway, Gateway]> {
  const both: [Gateway, Gateway] = [await gateway(), await gateway()];
  await until('they heard of each other', () => {
    for (const { clock } of both) clock.advance(5_000);
    return both.every(({ limits }) => limits.status.instances === 2);
  });
  return both;
}

type Gateway = Awaited<ReturnType<typeof gateway>>;

async function untilShared({ limits, clock }: Gateway): Promise<void> {
  await until('Redis is relied on again', () => {
    clock.advance(1_000);
    return limits.status.mode === 'shared';
  });
  await until('everything is settled', () => limits.status.pendingSettles === 0);
}

async function untilDegraded({ limits }: Gateway): Promise<void> {
  await until('Redis is missed', () => limits.status.mode === 'degraded');
}

async function remaining({ limits }: Gateway, ...of: Limit[]): Promise<number[]> {
  return (await limits.look(GROUP, of)).map((state) => state.remaining);
}

const causeOf = (decision: Decision): string => (decision.granted ? 'granted' : decision.refusal.cause);
const held = (id: string) => ({ id, group: GROUP });

const slots = limitOf('concurrency', 8);
const requests = limitOf('requests', 60);
const budget = limitOf('budget_total', 1_000);

describe('limits shared through Redis', () => {
  it('hold over all gateways: of two hundred requests at once the budget admits the fifty it has', async () => {
    const gateways = await Promise.all(Array.from({ length: 4 }, () => gateway()));
    const fifty = [limitAt('tenant', 'budget_month', 50), limitAt('key', 'concurrency', 1_000)];

    const decisions = await Promise.all(
      Array.from({ length: 200 }, (_, index) => gateways[index % 4]!.reserve(fifty, { costNanoUsd: 1 })),
    );

    expect(decisions.filter(({ granted }) => granted)).toHaveLength(50);
    expect(await remaining(gateways[0]!, ...fifty)).toEqual([0, 950]);
  });

  it('settle before anybody asks again', async () => {
    const one = await gateway();
    await one.reserve([slots, budget], { costNanoUsd: 500 }, 'a');
    one.limits.settle(held('a'), demandOf({ costNanoUsd: 80 }));
    expect(await remaining(one, slots, budget)).toEqual([8, 920]);
  });

  it('renew what runs, in as many calls as it takes', async () => {
    const one = await gateway();
    const many = limitOf('concurrency', 1_000);
    const ids = Array.from({ length: 250 }, (_, index) => `run-${String(index)}`);
    await Promise.all(ids.map((id) => one.reserve([many], {}, id)));
    // Each would end soon by itself.
    const leases = `switchyard:{${GROUP}}:leases`;
    await Promise.all(ids.map((id) => control.zadd(leases, 1, id)));

    one.limits.renew(ids.map(held));
    await until('all are renewed', async () => (await control.zcount(leases, '-inf', 1)) === 0);
  });

  it('know how many gateways share them, and forget one that leaves', async () => {
    const [, two] = await twoGateways();
    await two.limits.close();
    expect(await control.zcard(INSTANCES_KEY)).toBe(1);
  });

  it('tell the time of Redis, not of the gateway', async () => {
    const one = await gateway();
    const before = Number((await control.time())[0]) * 1_000;
    const { serverTimeMs } = await one.reserve([requests]);
    expect(serverTimeMs).toBeGreaterThanOrEqual(before);
    expect(one.limits.status.clockSkewMs).not.toBe(0);
  });

  it('are not ready before Redis was reached, and do not wait for ever', async () => {
    const clock = new ManualClock();
    const options = { strictBudgets: false, instanceId: 'x', onEvent: () => {}, clock };
    const limits = Limits.open({ ...options, redisUrl: 'redis://127.0.0.1:1' });
    await limits.whenReady(1);
    expect(limits.status).toMatchObject({ mode: 'degraded', breaker: 'open' });
    await until('the failure is counted', () => limits.status.errors.lost > 0);
    await limits.close();
  });
});

describe('limits while Redis is gone', () => {
  async function outage(gateways: readonly Gateway[]): Promise<void> {
    redis.signal('SIGKILL');
    await Promise.all(gateways.map(untilDegraded));
  }

  it('are kept by every gateway for its share', async () => {
    const [one, two] = await twoGateways();
    await outage([one, two]);

    const decisions = await Promise.all(Array.from({ length: 5 }, () => one.reserve([slots, requests])));
    expect(decisions.map(causeOf)).toEqual(['granted', 'granted', 'granted', 'granted', 'concurrency']);
    expect(decisions[0]).toMatchObject({
      states: [
        { limit: slots, remaining: 3 },
        { limit: requests, remaining: 29 },
      ],
    });
    expect(one.limits.status).toMatchObject({ mode: 'degraded', breaker: 'open', degradedDecisions: 5 });
    await redis.restart();
  });

  it('serve a request that is larger than a share, and make the next one wait for what it used', async () => {
    const [one, two] = await twoGateways();
    await outage([one, two]);

    const tokens = limitOf('output_tokens', 1_000);
    expect(causeOf(await one.reserve([tokens], { outputTokens: 900 }, 'a'))).toBe('granted');
    one.limits.settle(held('a'), demandOf({ outputTokens: 800 }));
    expect(await one.reserve([tokens], { outputTokens: 1 })).toMatchObject({
      refusal: { cause: 'rate', limit: tokens, retryAfterMs: 36_120 },
    });
    expect(causeOf(await one.reserve([tokens], { outputTokens: 1_001 }))).toBe('too_large');
    await redis.restart();
  });

  it('admit a budget up to the share of what was left, less a margin, and refuse beyond', async () => {
    const [one, two] = await twoGateways();
    await one.reserve([budget], { costNanoUsd: 100 });
    await outage([one, two]);

    expect(await one.reserve([budget], { costNanoUsd: 401 })).toMatchObject({
      refusal: { cause: 'unavailable', limit: null, retryAfterMs: 5_000 },
    });
    expect(await one.reserve([budget], { costNanoUsd: 400 })).toMatchObject({
      granted: true,
      states: [{ limit: budget, remaining: 500, resetMs: 0 }],
    });
    expect(causeOf(await one.reserve([budget], { costNanoUsd: 1 }))).toBe('unavailable');
    expect(causeOf(await one.reserve([requests]))).toBe('granted');
    await redis.restart();
  });

  it('refuse a budget whose spend is not known here, and every budget when they are strict', async () => {
    const [one, strict] = [await gateway(), await gateway({ strictBudgets: true })];
    await strict.reserve([budget], { costNanoUsd: 1 });
    await outage([one, strict]);

    expect(causeOf(await one.reserve([budget], { costNanoUsd: 1 }))).toBe('unavailable');
    expect(causeOf(await strict.reserve([budget], { costNanoUsd: 1 }))).toBe('unavailable');
    expect(causeOf(await strict.reserve([{ ...budget, mode: 'shadow' }], { costNanoUsd: 1 }))).toBe('granted');
    await redis.restart();
  });

  it('cannot be read', async () => {
    const one = await gateway();
    await outage([one]);
    const away = expect.objectContaining({ code: 'temporarily_unavailable' });
    await expect(one.limits.look(GROUP, [requests])).rejects.toEqual(away);
    await expect(one.limits.raiseSpend(GROUP, [{ limit: budget, nanoUsd: 1, atMs: 0 }])).rejects.toEqual(away);
    await redis.restart();
  });

  it('take from its buckets afterwards what was used of rates, and bring nobody into debt', async () => {
    const tokens = limitOf('input_tokens', 600);
    const one = await gateway();
    await one.reserve([tokens], { inputTokens: 1 }, 'before');
    one.limits.settle(held('before'), demandOf({ inputTokens: 1 }));
    await outage([one]);
    await one.reserve([tokens], { inputTokens: 400 }, 'meanwhile');
    one.limits.settle(held('meanwhile'), demandOf({ inputTokens: 300 }));
    await redis.restart();
    await untilShared(one);
    await until('it is settled', () => one.limits.status.pendingSettles === 0);
    const [left = NaN] = await remaining(one, tokens);
    // Ten come in each second.
    expect(left).toBeGreaterThanOrEqual(299);
    expect(left).toBeLessThan(550);

    await outage([one]);
    await one.reserve([tokens], { inputTokens: 1 }, 'more than was thought');
    one.limits.settle(held('more than was thought'), demandOf({ inputTokens: 5_000 }));
    await redis.restart();
    await untilShared(one);
    await until('it is settled', () => one.limits.status.pendingSettles === 0);
    expect((await remaining(one, tokens))[0]).toBeGreaterThanOrEqual(0);
  });

  it('tell Redis afterwards what was spent and what ended, once', async () => {
    const one = await gateway();
    await one.reserve([slots, budget], { costNanoUsd: 100 }, 'before');
    await outage([one]);
    await one.reserve([slots, budget], { costNanoUsd: 200 }, 'meanwhile');
    await one.reserve([slots, budget], { costNanoUsd: 200 }, 'released');
    await one.reserve([slots, budget], { costNanoUsd: 200 }, 'still running');
    one.limits.settle(held('before'), demandOf({ costNanoUsd: 30 }));
    one.limits.settle(held('meanwhile'), demandOf({ costNanoUsd: 50 }));
    one.limits.settle(held('meanwhile'), demandOf({ costNanoUsd: 50 }));
    one.limits.release(held('released'));
    expect(one.limits.status.pendingSettles).toBeGreaterThan(0);

    await redis.restart();
    await untilShared(one);
    expect(await remaining(one, slots, budget)).toEqual([8, 920]);

    one.limits.renew([held('still running')]);
    one.limits.settle(held('still running'), demandOf({ costNanoUsd: 7 }));
    await until('it is settled', () => one.limits.status.pendingSettles === 0);
    expect(await remaining(one, slots, budget)).toEqual([8, 913]);
    expect(one.events).toEqual([
      { type: 'breaker', from: 'open', to: 'closed', cause: 'connected' },
      { type: 'breaker', from: 'closed', to: 'open', cause: 'lost' },
      { type: 'breaker', from: 'open', to: 'half_open', cause: 'answers' },
      { type: 'breaker', from: 'half_open', to: 'closed', cause: 'answers' },
    ]);
  });
});

describe('limits while Redis does not answer', () => {
  afterEach(() => {
    redis.signal('SIGCONT');
  });

  it('are asked for again until Redis is given up, and kept alone from then on, however few requests come', async () => {
    const one = await gateway({ commandTimeoutMs: HASTY_MS });
    await one.reserve([slots]);
    redis.signal('SIGSTOP');

    expect(causeOf(await one.reserve([slots], {}, 'unanswered'))).toBe('granted');
    expect(one.limits.status).toMatchObject({ mode: 'degraded', degradedDecisions: 1 });
    expect(one.limits.status.timeouts).toBeGreaterThanOrEqual(5);
    expect(one.events.at(-1)).toEqual({ type: 'breaker', from: 'closed', to: 'open', cause: 'failures' });
  });

  it('bear a silence that ends, however many requests it meets: Redis decides', async () => {
    const one = await gateway({ commandTimeoutMs: HASTY_MS });
    await one.reserve([slots]);
    redis.signal('SIGSTOP');
    const asked = Array.from({ length: 20 }, () => one.reserve([slots]));
    await until('all of them were given up once', () => one.limits.status.timeouts >= 20);
    redis.signal('SIGCONT');

    const causes = (await Promise.all(asked)).map(causeOf);
    expect(causes.filter((cause) => cause === 'granted')).toHaveLength(7);
    expect(causes.filter((cause) => cause === 'concurrency')).toHaveLength(13);
    expect(one.limits.status).toMatchObject({ mode: 'shared', degradedDecisions: 0 });
    expect(one.events).toHaveLength(1);
  });

  it('leave nothing reserved of what Redis carries out after it was given up', async () => {
    const one = await gateway({ commandTimeoutMs: HASTY_MS });
    await one.reserve([slots, budget], { costNanoUsd: 100 }, 'a');
    redis.signal('SIGSTOP');
    const given = await Promise.all(
      ['b', 'c', 'd'].map((id) => one.reserve([slots, limitOf('budget_day', 100)], { costNanoUsd: 30 }, id)),
    );
    expect(given.map(causeOf)).toEqual(['unavailable', 'unavailable', 'unavailable']);
    await untilDegraded(one);

    redis.signal('SIGCONT');
    await untilShared(one);
    expect(await remaining(one, slots, limitOf('budget_day', 100), budget)).toEqual([7, 100, 900]);
  });

  it('settle once what was admitted here and carried out in Redis as well', async () => {
    const one = await gateway({ commandTimeoutMs: HASTY_MS });
    await one.reserve([slots, budget], { costNanoUsd: 100 }, 'a');
    redis.signal('SIGSTOP');
    const ids = ['b', 'c', 'd', 'e', 'f'];
    const given = await Promise.all(ids.map((id) => one.reserve([slots, budget], { costNanoUsd: 30 }, id)));
    expect(given.map(causeOf)).toEqual(ids.map(() => 'granted'));

    redis.signal('SIGCONT');
    await untilShared(one);
    expect(await remaining(one, slots, budget)).toEqual([2, 750]);
    one.limits.renew(ids.map(held));
    for (const id of ids) one.limits.settle(held(id), demandOf({ costNanoUsd: 4 }));
    await until('all are settled', () => one.limits.status.pendingSettles === 0);
    expect(await remaining(one, slots, budget)).toEqual([7, 880]);
  });
});

describe('limits while Redis refuses', () => {
  it.each([
    ['oom', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']],
    ['readonly', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']],
  ])('count %s like silence', async (kind, breakIt, mendIt) => {
    const one = await gateway();
    const [breaking, ...breakArgs] = breakIt;
    const [mending, ...mendArgs] = mendIt;
    await control.call(breaking!, ...breakArgs);

    await until('Redis is not relied on', async () => {
      const cause = causeOf(await one.reserve([requests]));
      return cause === 'granted' && one.limits.status.mode === 'degraded';
    });
    expect(one.limits.status.errors[kind as 'oom' | 'readonly']).toBeGreaterThan(0);

    await control.call(mending!, ...mendArgs);
    await untilShared(one);
    expect(causeOf(await one.reserve([requests]))).toBe('granted');
  });
});
