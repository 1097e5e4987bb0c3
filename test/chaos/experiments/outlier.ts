import { setTimeout as pause } from 'node:timers/promises';
import type { JsonObject } from '@switchyard/contract';
import { crowdConfig, memberSecret } from '../crowd.js';
import { Deployment } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import type { Sighting } from '../sightings.js';
import { SteadyTraffic } from '../steady-traffic.js';
import { Verdict, rounded } from '../verdict.js';
import { otherAnswers } from './answers.js';
import { SHARED_MODEL, sharedModel } from './shared-model.js';

const PROVIDERS = ['good-one', 'bad-one', 'good-two'];
const BAD = 'bad-one';
const MEMBERS = 20;
const PER_SECOND = 100;
const FAULT_RATE = 0.5;
const SUCCESS_MIN = 0.995;
const BAD_SHARE_MAX = 0.02;
/** A third each is fair; less than this is not. */
const FAIR_SHARE_MIN = 0.2;
/** Share and success are judged over so long a time. */
const WINDOW_MS = 5_000;

/** Milliseconds. */
interface Course {
  readonly healthy: number;
  readonly faulty: number;
  /** From the first fault until the bad one must be left out. */
  readonly noticed: number;
  /** From the last fault until the bad one must have its share again. */
  readonly healed: number;
  /** What the configuration says in place of the defaults. */
  readonly health: JsonObject;
}

const FULL: Course = { healthy: 5_000, faulty: 60_000, noticed: 10_000, healed: 60_000, health: {} };
/** The provider is ejected before it is put last, which always takes half a minute, and the ejection ends soon after the fault does. */
const QUICK: Course = {
  healthy: 2_000,
  faulty: 5_000,
  noticed: 2_500,
  healed: 9_000,
  health: { eject_after_failures: 2, ejection_s: 6 },
};

/** One of three equal providers fails every second request for a while: clients hardly notice, and it gets its share back. */
export async function outlier({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const verdict = new Verdict('one bad provider of three');
  const course = isQuick ? QUICK : FULL;
  const deployment = await Deployment.start({
    ...{ program, gateways: 2, workers: 1, redis: [], postgres: false },
    config: (upstreamUrl) => ({
      ...crowdConfig(MEMBERS),
      ...sharedModel(upstreamUrl, PROVIDERS),
      health: course.health,
    }),
  });
  try {
    const traffic = new SteadyTraffic(PER_SECOND, (number) => ({
      url: deployment.gatewayAt(number).url,
      secret: memberSecret(number % MEMBERS),
      tag: String(number),
      model: SHARED_MODEL,
    }));
    await pause(course.healthy);
    const brokenMs = Date.now();
    deployment.upstream.setFaults(BAD, [{ fault: 'status:500', rate: FAULT_RATE }]);
    await pause(course.faulty);
    const healedMs = Date.now();
    deployment.upstream.setFaults(BAD, []);
    await pause(course.healed);
    const replies = await traffic.stop();
    const { sightings } = await deployment.upstream.look();

    const succeeded = replies.filter(({ isWhole }) => isWhole).length;
    const success = succeeded / replies.length;
    verdict.figure('requests', replies.length);
    verdict.figure('attempts', sightings.length);
    verdict.figure('success_percent', rounded(success * 100, 3));
    verdict.expect('more requests failed than half a percent', success >= SUCCESS_MIN);
    verdict.figure('other_answers', otherAnswers(replies));
    judgeShares(verdict, sightings, {
      brokenMs,
      noticedMs: brokenMs + course.noticed,
      healedMs,
      endMs: healedMs + course.healed,
    });
    verdict.figure('settings', course.health);
  } finally {
    await deployment.remove();
  }
  return [verdict];
}

interface Moments {
  readonly brokenMs: number;
  readonly noticedMs: number;
  readonly healedMs: number;
  readonly endMs: number;
}

function judgeShares(
  verdict: Verdict,
  sightings: readonly Sighting[],
  { brokenMs, noticedMs, healedMs, endMs }: Moments,
): void {
  const badShare = shareOf(sightings, noticedMs, healedMs);
  verdict.figure('bad_share_before_percent', rounded(shareOf(sightings, 0, brokenMs) * 100, 1));
  verdict.figure('bad_attempts_while_faulty', sightings.filter(isBadWithin(brokenMs, healedMs)).length);
  verdict.figure('bad_share_once_noticed_percent', rounded(badShare * 100, 2));
  verdict.expect('the bad provider still had more than two percent of the attempts', badShare <= BAD_SHARE_MAX);
  const fairMs = fairFrom(sightings, healedMs, endMs);
  verdict.figure('fair_share_after_ms', fairMs);
  verdict.figure('bad_share_at_the_end_percent', rounded(shareOf(sightings, endMs - WINDOW_MS, endMs) * 100, 1));
  verdict.expect('the provider did not get its share back in time', fairMs !== null);
}

/** After how many milliseconds the provider began to have its share again, for as long as it is looked at; `null` = never. */
function fairFrom(sightings: readonly Sighting[], healedMs: number, endMs: number): number | null {
  for (let startMs = healedMs; startMs + WINDOW_MS <= endMs; startMs += 500) {
    if (shareOf(sightings, startMs, startMs + WINDOW_MS) >= FAIR_SHARE_MIN) return startMs - healedMs;
  }
  return null;
}

function shareOf(sightings: readonly Sighting[], startMs: number, endMs: number): number {
  const within = sightings.filter(({ startedMs }) => startedMs >= startMs && startedMs < endMs);
  return within.filter(({ provider }) => provider === BAD).length / Math.max(1, within.length);
}

function isBadWithin(startMs: number, endMs: number): (sighting: Sighting) => boolean {
  return ({ provider, startedMs }) => provider === BAD && startedMs >= startMs && startedMs < endMs;
}
