import { setTimeout as pause } from 'node:timers/promises';
import { Books, doubles } from '../books.js';
import type { Reply } from '../client.js';
import { CROWD_TENANT, crowdConfig, memberSecret } from '../crowd.js';
import { Deployment, MODELS } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import { RedisState } from '../redis-state.js';
import { SteadyTraffic } from '../steady-traffic.js';
import { until } from '../until.js';
import { rounded, Verdict } from '../verdict.js';
import { otherAnswers } from './answers.js';
import { breakerChanges } from './breaker-changes.js';
import { Durations } from './durations.js';
import { driftNanoUsd } from './limits-agree.js';
import { untilShared } from './until-shared.js';

const GATEWAYS = 2;
const MEMBERS = 50;
const ABSENT_MS = 300;
const BREATH_MS = 5_000;
const FIRST_SECOND_MS = 1_000;
/** Share of requests that may fail for it. */
const FAILED_MAX = 0.001;
/** Reconciling runs every minute, and waits for a quarter of one. */
export const RECONCILED_MAX_MS = 150_000;
/** Options of a Redis that forgets nothing when it is killed: the kernel has every write before it is answered. */
export const DURABLE_REDIS = ['--appendonly', 'yes', '--appendfsync', 'no'];

/** Redis is killed again and again in traffic, and stands still: requests go on, and nothing is forgotten. */
export async function killRedis({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const plan = { perSecond: isQuick ? 100 : 300, kills: isQuick ? 2 : 10, breathMs: BREATH_MS, failedMax: FAILED_MAX };
  const verdicts: Verdict[] = [];
  for (const isDurable of [true, false]) {
    const deployment = await Deployment.start({
      ...{ program, gateways: GATEWAYS, workers: 1, redis: isDurable ? DURABLE_REDIS : [], postgres: true },
      config: crowdConfig(MEMBERS),
    });
    try {
      if (!isDurable) deployment.startMaintenance(program);
      const stopsMs = isDurable ? (isQuick ? 3_000 : 30_000) : 0;
      verdicts.push(await killRedisInTraffic(deployment, { ...plan, isDurable, stopsMs }));
    } finally {
      await deployment.remove();
    }
  }
  return verdicts;
}

export interface RedisPlan {
  readonly perSecond: number;
  readonly kills: number;
  /** How long it stands still in the end; 0 = not at all. */
  readonly stopsMs: number;
  /** Calm traffic before and after every blow. */
  readonly breathMs: number;
  /** Share of requests that may fail for it. */
  readonly failedMax: number;
  /** Redis remembers everything after a restart; if not, somebody has to do maintenance. */
  readonly isDurable: boolean;
}

/** Kills the Redis of a deployment whose callers are a crowd. */
export async function killRedisInTraffic(deployment: Deployment, plan: RedisPlan): Promise<Verdict> {
  const verdict = new Verdict(
    plan.isDurable ? 'Redis killed and stopped in traffic' : 'Redis killed in traffic, and all it knew is lost',
  );
  const books = Books.of(deployment);
  const redis = new RedisState(deployment.redis.url);
  const durations = new Durations();
  try {
    const traffic = new SteadyTraffic(plan.perSecond, (number) => {
      const { url } = deployment.gatewayAt(number);
      return { url, secret: memberSecret(number % MEMBERS), tag: `redis-${number}`, model: MODELS.quick };
    });
    await durations.during('before', () => pause(2 * plan.breathMs));
    const backMs: number[] = [];
    for (let kill = 0; kill < plan.kills; kill += 1) backMs.push(await killOnce(deployment, durations, plan));
    if (plan.stopsMs > 0) await standStill(deployment, durations, plan);
    const replies = await traffic.stop();
    verdict.figure(
      'shared_again_ms',
      backMs.map((ms) => rounded(ms)),
    );
    durations.report(verdict, replies);
    await judgeTraffic({ verdict, replies, books, redis, plan });
  } finally {
    redis.close();
    await books.close();
  }
  return verdict;
}

/** Resolves with the milliseconds from the first sign of life of Redis until all gateways share their limits again. */
async function killOnce(deployment: Deployment, durations: Durations, { breathMs }: RedisPlan): Promise<number> {
  const { redis } = deployment;
  await durations.during('first second without', async () => {
    redis.signal('SIGKILL');
    await pause(FIRST_SECOND_MS);
  });
  await pause(ABSENT_MS);
  await redis.restart();
  const backMs = Date.now();
  await durations.during('until shared again', () => untilShared(deployment));
  await durations.during('after', () => pause(breathMs));
  return closedMs(deployment) - backMs;
}

/** When the last process began to rely on Redis again, Unix milliseconds: their logs know it sooner than their figures. */
function closedMs({ gateways }: Deployment): number {
  const moments = gateways.flatMap(({ log }) => breakerChanges(log).filter(({ to }) => to === 'closed'));
  return Math.max(0, ...moments.map(({ atMs }) => atMs));
}

async function standStill(
  deployment: Deployment,
  durations: Durations,
  { stopsMs, breathMs }: RedisPlan,
): Promise<void> {
  await durations.during('first second stopped', async () => {
    deployment.redis.signal('SIGSTOP');
    await pause(FIRST_SECOND_MS);
  });
  await durations.during('stopped', () => pause(stopsMs - FIRST_SECOND_MS));
  deployment.redis.signal('SIGCONT');
  await untilShared(deployment);
  await durations.during('after', () => pause(breathMs));
}

/** What must hold of a crowd's traffic whatever Redis went through: nobody noticed, and limits and ledger agree in the end. */
export async function judgeTraffic(evidence: Evidence): Promise<void> {
  judgeAnswers(evidence);
  await judgeBooks(evidence);
}

function judgeAnswers({ verdict, replies, plan: { failedMax } }: Evidence): void {
  const failed = replies.filter(({ status }) => status !== 200);
  verdict.figure('requests', replies.length);
  verdict.figure('other_answers', otherAnswers(replies));
  verdict.figure('failed_share', rounded(failed.length / replies.length, 5));
  verdict.expect('more requests failed than may', failed.length <= failedMax * replies.length);
}

interface Evidence {
  readonly verdict: Verdict;
  readonly replies: readonly Reply[];
  readonly books: Books;
  readonly redis: RedisState;
  readonly plan: Pick<RedisPlan, 'failedMax' | 'isDurable'>;
}

async function judgeBooks({ verdict, replies, books, redis, plan }: Evidence): Promise<void> {
  const answered = replies.filter(({ status }) => status === 200);
  const lost = async (): Promise<number> => {
    const ids = new Set((await books.rows()).map(({ id }) => id));
    return answered.filter(({ id }) => !ids.has(id ?? '')).length;
  };
  await until('the ledger has everything', async () => (await lost()) === 0).catch(() => undefined);
  verdict.same('lost', await lost(), 0);
  verdict.same('double', doubles(await books.rows()).length, 0);
  verdict.figure('drift_before_nano_usd', await driftNanoUsd(books, redis));
  const agree = async (): Promise<boolean> => (await driftNanoUsd(books, redis)) === 0;
  const repairedMs = await until('limits and ledger agree', agree, plan.isDurable ? 10_000 : RECONCILED_MAX_MS).catch(
    () => null,
  );
  verdict.figure('agree_after_ms', repairedMs === null ? null : rounded(repairedMs));
  verdict.same('drift_nano_usd', await driftNanoUsd(books, redis), 0);
  verdict.same('slots_taken', (await redis.slots(CROWD_TENANT, `tenant:${CROWD_TENANT}`)).length, 0);
}
