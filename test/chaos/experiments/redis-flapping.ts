import { setTimeout as pause } from 'node:timers/promises';
import { Books } from '../books.js';
import { crowdConfig, memberSecret } from '../crowd.js';
import { Deployment, MODELS } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import { degradedProcesses } from '../operations.js';
import { RedisState } from '../redis-state.js';
import { SteadyTraffic } from '../steady-traffic.js';
import { until } from '../until.js';
import { rounded, Verdict } from '../verdict.js';
import { breakerChanges, otherWarnings } from './breaker-changes.js';
import { Durations } from './durations.js';
import { DURABLE_REDIS, judgeTraffic } from './kill-redis.js';
import { FIGURES_MS, untilShared } from './until-shared.js';

const GATEWAYS = 2;
const MEMBERS = 50;
const TURN_MS = 1_000;
/** One change of mind in so much time is not too often. */
const CHANGE_MS = 5_000;
/** Away, back, away again, back for good: half open in between counts, too. */
const CHANGES_ONCE = 6;
const SLOW_MS = 200;

/** Redis comes and goes every second, and then is slower than anybody waits: no request notices, and nobody's mind changes all the time. */
export async function redisFlapping({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const verdict = new Verdict('Redis comes and goes, and is slow');
  const deployment = await Deployment.start({
    ...{ program, gateways: GATEWAYS, workers: 1, redis: DURABLE_REDIS, postgres: true, isProxied: true },
    config: crowdConfig(MEMBERS),
  });
  const books = Books.of(deployment);
  const redis = new RedisState(deployment.redis.url);
  const durations = new Durations();
  const flapMs = isQuick ? 8_000 : 60_000;
  const slowMs = isQuick ? 4_000 : 30_000;
  try {
    const traffic = new SteadyTraffic(isQuick ? 100 : 300, (number) => {
      const { url } = deployment.gatewayAt(number);
      return { url, secret: memberSecret(number % MEMBERS), tag: `flap-${number}`, model: MODELS.quick };
    });
    await durations.during('well', () => pause(isQuick ? 2_000 : 5_000));
    const startMs = Date.now();
    await durations.during('coming and going', () => flap(deployment, flapMs));
    verdict.figure('shared_again_ms', rounded(await untilShared(deployment)));
    const flapped = changesOf(deployment, startMs);
    await pause(CHANGE_MS);
    const slowStartMs = Date.now();
    await durations.during('slow', () => beSlow(deployment, slowMs));
    verdict.figure('shared_after_slow_ms', rounded(await untilShared(deployment)));
    await pause(FIGURES_MS);
    const slowed = changesOf(deployment, slowStartMs);
    const replies = await traffic.stop();
    durations.report(verdict, replies);
    verdict.figure('changes_coming_and_going', flapped);
    verdict.figure('changes_slow', slowed);
    const most = (changes: readonly number[], ms: number): boolean =>
      Math.max(0, ...changes) <= Math.max(CHANGES_ONCE, ms / CHANGE_MS);
    verdict.expect('a process changed its mind too often while Redis came and went', most(flapped, flapMs));
    verdict.expect('a process changed its mind too often while Redis was slow', most(slowed, slowMs));
    const others = deployment.gateways.flatMap(({ log }) => otherWarnings(log));
    verdict.same('other_warnings', others.length, 0);
    if (others.length > 0) verdict.figure('examples', others.slice(0, 3));
    await judgeTraffic({ verdict, replies, books, redis, plan: { failedMax: 0, isDurable: true } });
  } finally {
    redis.close();
    await books.close();
    await deployment.remove();
  }
  return [verdict];
}

/** Away for a second, there for a second. */
async function flap({ redisProxy }: Deployment, ms: number): Promise<void> {
  for (let leftMs = ms; leftMs > 0; leftMs -= 2 * TURN_MS) {
    await redisProxy.order({ do: 'refuse' });
    await pause(TURN_MS);
    await redisProxy.order({ do: 'heal' });
    await pause(TURN_MS);
  }
}

async function beSlow(deployment: Deployment, ms: number): Promise<void> {
  const { redisProxy, gateways } = deployment;
  await redisProxy.order({ do: 'shape', latencyMs: SLOW_MS / 2 });
  const areApart = async (): Promise<boolean> =>
    (await Promise.all(gateways.map(({ ops }) => degradedProcesses(ops)))).every((count) => count > 0);
  await until('nobody relies on a slow Redis', areApart);
  await pause(ms);
  await redisProxy.order({ do: 'heal' });
}

/** How often each process changed its mind since a moment. */
function changesOf({ gateways }: Deployment, sinceMs: number): number[] {
  return gateways.flatMap(({ log }) => {
    const changes = breakerChanges(log).filter(({ atMs }) => atMs >= sinceMs);
    return [...Map.groupBy(changes, ({ role }) => role).values()].map(({ length }) => length);
  });
}
