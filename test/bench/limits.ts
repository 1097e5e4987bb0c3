/**
 * What a decision of the limits takes: `node --import ./test/testing/from-source.mjs test/bench/limits.ts [requests at once]`.
 * A decision is a reservation of four dimensions and its settlement, by one process against a redis-server of its own.
 * Prints one line of JSON; `decisions_per_second` is the median of the rounds, processor time is what stays when a machine
 * has other things to do.
 */
import process from 'node:process';
import { Limits } from '@switchyard/limits';
import type { Limit } from '@switchyard/limits';
import { Redis } from 'ioredis';
import { startRedis } from '../testing/redis.js';

const ROUNDS = 5;
const WARM_UP = 20_000;
const DECISIONS = 50_000;
const TENANTS = 20;
/** No limit is reached: a refusal takes less. */
const PLENTY = 1_000_000_000;
const DEMAND = { inputTokens: 1_800, outputTokens: 1_024, costNanoUsd: 31_000 };
const ACTUAL = { inputTokens: 1_750, outputTokens: 421, costNanoUsd: 18_000 };

interface Round {
  readonly decisionsPerSecond: number;
  /** From asking to being answered, milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time, microseconds. */
  readonly gatewayUs: number;
  readonly redisUs: number;
}

const [requestsAtOnce = 64] = process.argv.slice(2).map(Number);

function limitsOf(tenant: string): Limit[] {
  const enforced = (dimension: Limit['dimension'], level: Limit['level'] = 'key'): Limit => {
    return { level, owner: level === 'tenant' ? tenant : 'ci', dimension, limit: PLENTY, mode: 'enforce' };
  };
  return [
    enforced('requests'),
    enforced('output_tokens'),
    enforced('concurrency'),
    { ...enforced('budget_month', 'tenant'), limit: Number.MAX_SAFE_INTEGER },
  ];
}

const tenants = Array.from({ length: TENANTS }, (_, index) => {
  const group = `tenant-${index}`;
  return { group, limits: limitsOf(group) };
});

async function redisCpuUs(control: Redis): Promise<number> {
  const info = await control.info('cpu');
  const seconds = (name: string): number => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1] ?? 0);
  return (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1e6;
}

/** So many at once, each settled as soon as it was granted; answers how long each reservation took. */
async function decide(limits: Limits, decisions: number, name: string): Promise<number[]> {
  const tookMs: number[] = [];
  let next = 0;
  const serve = async (): Promise<void> => {
    while (next < decisions) {
      const number = next++;
      const { group, limits: own } = tenants[number % TENANTS] ?? { group: '', limits: [] };
      const held = { id: `${name}-${number}`, group };
      const askedMs = performance.now();
      const decision = await limits.reserve({ ...held, limits: own, demand: DEMAND });
      tookMs.push(performance.now() - askedMs);
      if (!decision.granted) throw new Error(`refused: ${decision.refusal.cause}`);
      limits.settle(held, ACTUAL);
    }
  };
  await Promise.all(Array.from({ length: requestsAtOnce }, serve));
  while (limits.status.pendingSettles > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  return tookMs;
}

async function measure(limits: Limits, control: Redis, name: string): Promise<Round> {
  const [redisBeforeUs, before, startMs] = [await redisCpuUs(control), process.cpuUsage(), performance.now()];
  const tookMs = (await decide(limits, DECISIONS, name)).sort((one, other) => one - other);
  const elapsedS = (performance.now() - startMs) / 1_000;
  const { user, system } = process.cpuUsage(before);
  return {
    decisionsPerSecond: Math.round(DECISIONS / elapsedS),
    p50Ms: rounded(tookMs[Math.floor(DECISIONS * 0.5)] ?? 0),
    p99Ms: rounded(tookMs[Math.floor(DECISIONS * 0.99)] ?? 0),
    gatewayUs: rounded((user + system) / DECISIONS),
    redisUs: rounded(((await redisCpuUs(control)) - redisBeforeUs) / DECISIONS),
  };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}

const redis = await startRedis();
const control = new Redis(redis.url);
const limits = Limits.open({
  redisUrl: redis.url,
  strictBudgets: false,
  instanceId: 'bench',
  onEvent: (event) => process.stderr.write(`${JSON.stringify(event)}\n`),
  // A machine that is busy with other things must not look like a Redis that is away.
  commandTimeoutMs: 5_000,
});
try {
  await limits.whenReady(5_000);
  await decide(limits, WARM_UP, 'warm-up');
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await measure(limits, control, `round-${round}`));
  const figure = (of: keyof Round): number => median(rounds.map((round) => round[of]));
  const all = rounds.map((round) => round.decisionsPerSecond);
  const figures = {
    requests_at_once: requestsAtOnce,
    dimensions: 4,
    decisions_per_second: figure('decisionsPerSecond'),
    slowest_round: Math.min(...all),
    fastest_round: Math.max(...all),
    reserve_p50_ms: figure('p50Ms'),
    reserve_p99_ms: figure('p99Ms'),
    gateway_cpu_us_per_decision: figure('gatewayUs'),
    redis_cpu_us_per_decision: figure('redisUs'),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
} finally {
  await limits.close();
  control.disconnect();
  await redis.stop();
}
