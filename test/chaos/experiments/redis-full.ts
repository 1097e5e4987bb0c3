import { setTimeout as pause } from 'node:timers/promises';
import { Books } from '../books.js';
import { crowdConfig, memberSecret } from '../crowd.js';
import { Deployment, MODELS } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import { RedisState } from '../redis-state.js';
import { SteadyTraffic } from '../steady-traffic.js';
import { rounded, Verdict } from '../verdict.js';
import { breakerChanges } from './breaker-changes.js';
import { Durations } from './durations.js';
import { DURABLE_REDIS, judgeTraffic } from './kill-redis.js';
import { FIGURES_MS, untilShared } from './until-shared.js';

const GATEWAYS = 2;
const MEMBERS = 50;
const FAILED_MAX = 0.001;
const BALLAST_BYTES = 64 * 1024;
const BALLAST_PIECES = 100;
const FLUSHES = 5;
/** Loading takes long enough to be noticed, and Redis says so meanwhile. */
const REDIS = [
  ...DURABLE_REDIS,
  ...['--enable-debug-command', 'yes', '--key-load-delay', '200', '--loading-process-events-interval-bytes', '1024'],
];

/** What makes a Redis refuse everything that is written, for some time. */
type Ailment = (redis: RedisState, ms: number) => Promise<void>;

const AILMENTS: readonly (readonly [name: string, ailment: Ailment])[] = [
  ['full', beFull],
  ['a replica', beReplica],
  ['loading', load],
];

/** Redis answers, but refuses: that is as good as being away. That it forgets the scripts is not even noticed. */
export async function redisFull({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const verdict = new Verdict('Redis is full, a replica, loading, and forgets scripts');
  const deployment = await Deployment.start({
    ...{ program, gateways: GATEWAYS, workers: 1, redis: REDIS, postgres: true },
    config: crowdConfig(MEMBERS),
  });
  const books = Books.of(deployment);
  const redis = new RedisState(deployment.redis.url);
  const durations = new Durations();
  try {
    const traffic = new SteadyTraffic(isQuick ? 100 : 300, (number) => {
      const { url } = deployment.gatewayAt(number);
      return { url, secret: memberSecret(number % MEMBERS), tag: `full-${number}`, model: MODELS.quick };
    });
    await durations.during('well', () => pause(isQuick ? 1_000 : 10_000));
    await durations.during('without scripts', () => forgetScripts(redis));
    verdict.same('changes_without_scripts', changesOf(deployment), 0);
    for (const [name, ailment] of AILMENTS) {
      await durations.during(name, () => ailment(redis, isQuick ? 2_000 : 20_000));
      await pause(FIGURES_MS);
      verdict.figure(`shared_again_ms_after_${name.replace(' ', '_')}`, rounded(await untilShared(deployment)));
      await durations.during('well', () => pause(isQuick ? 500 : 6_000));
    }
    verdict.expect('nobody noticed that Redis refused', changesOf(deployment) >= 2 * AILMENTS.length);
    const replies = await traffic.stop();
    durations.report(verdict, replies);
    await judgeTraffic({ verdict, replies, books, redis, plan: { failedMax: FAILED_MAX, isDurable: true } });
  } finally {
    redis.close();
    await books.close();
    await deployment.remove();
  }
  return [verdict];
}

function changesOf({ gateways }: Deployment): number {
  return gateways.reduce((count, { log }) => count + breakerChanges(log).length, 0);
}

async function forgetScripts(redis: RedisState): Promise<void> {
  for (let times = 0; times < FLUSHES; times += 1) {
    await redis.command('SCRIPT', 'FLUSH');
    await pause(300);
  }
}

async function beFull(redis: RedisState, ms: number): Promise<void> {
  await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
  await redis.command('CONFIG', 'SET', 'maxmemory', '5mb');
  const names = Array.from({ length: BALLAST_PIECES }, (_, piece) => `ballast:${piece}`);
  const isFull = await Promise.all(
    names.map((name) =>
      redis.command('SET', name, 'x'.repeat(BALLAST_BYTES)).then(
        () => false,
        () => true,
      ),
    ),
  );
  if (!isFull.some(Boolean)) throw new Error('Redis is larger than it was told to be');
  await pause(ms);
  await redis.command('CONFIG', 'SET', 'maxmemory', '0');
  await redis.command('DEL', ...names);
}

async function beReplica(redis: RedisState, ms: number): Promise<void> {
  await redis.command('REPLICAOF', '127.0.0.1', '1');
  await pause(ms);
  await redis.command('REPLICAOF', 'NO', 'ONE');
}

/** Saves everything and reads it again; takes as long as there are keys. */
async function load(redis: RedisState): Promise<void> {
  await redis.command('DEBUG', 'RELOAD');
}
