import { setTimeout as pause } from 'node:timers/promises';
import type { JsonObject } from '@switchyard/contract';
import type { Reply } from '../client.js';
import { crowdConfig, memberSecret } from '../crowd.js';
import { Deployment } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import { askAsSdk } from '../sdk-client.js';
import type { Sighting } from '../sightings.js';
import { SteadyTraffic } from '../steady-traffic.js';
import { Verdict, rounded } from '../verdict.js';
import { otherAnswers } from './answers.js';
import { SHARED_MODEL, sharedModel } from './shared-model.js';

const PROVIDERS = ['one', 'two', 'three'];
const MEMBERS = 20;
const PER_SECOND = 300;
const QUICK_PER_SECOND = 100;
/** Attempts at upstreams for each request that reaches the gateway. */
const AMPLIFICATION_MAX = 1.2;
const RECOVERY_MAX_MS = 5_000;
/** It is the upstreams that are to fail here, not the machine that runs all of this at once. */
const NO_SHEDDING: JsonObject = { max_loop_delay_s: 30 };
/** Milliseconds: before, while everything fails, after. */
const FULL = [5_000, 60_000, 15_000] as const;
const QUICK = [1_000, 8_000, 8_000] as const;

/** Every upstream says 503 while clients retry as SDKs do: the gateway adds little to the storm, and serves as soon as they are well. */
export async function retryStorm({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const verdict = new Verdict('retry storm');
  const [beforeMs, stormMs, afterMs] = isQuick ? QUICK : FULL;
  const deployment = await Deployment.start({
    ...{ program, gateways: 1, workers: 2, redis: [], postgres: false },
    config: (upstreamUrl) => ({
      ...crowdConfig(MEMBERS),
      ...sharedModel(upstreamUrl, PROVIDERS),
      overload: NO_SHEDDING,
    }),
  });
  try {
    const requests: Reply[] = [];
    const traffic = new SteadyTraffic(
      isQuick ? QUICK_PER_SECOND : PER_SECOND,
      (number) => ({
        url: deployment.gateway.url,
        secret: memberSecret(number % MEMBERS),
        tag: String(number),
        model: SHARED_MODEL,
      }),
      (reply) => reply,
      (what) => askAsSdk(what, (reply) => requests.push(reply)),
    );
    await pause(beforeMs);
    const brokenMs = Date.now();
    for (const provider of PROVIDERS) deployment.upstream.setFaults(provider, [{ fault: 'status:503' }]);
    await pause(stormMs);
    const healedMs = Date.now();
    for (const provider of PROVIDERS) deployment.upstream.setFaults(provider, []);
    await pause(afterMs);
    const answers = await traffic.stop();
    const { sightings } = await deployment.upstream.look();
    verdict.figure('clients', answers.length);
    verdict.figure('answered_to_clients', answers.filter(({ isWhole }) => isWhole).length);
    judge(verdict, requests, sightings, brokenMs, healedMs);
  } finally {
    await deployment.remove();
  }
  return [verdict];
}

function judge(
  verdict: Verdict,
  requests: readonly Reply[],
  sightings: readonly Sighting[],
  brokenMs: number,
  healedMs: number,
): void {
  // By client, not by time: on a busy machine a request may reach the upstream seconds after it was sent.
  const inStorm = new Set(
    requests.filter(({ startedMs }) => startedMs >= brokenMs && startedMs < healedMs).map(({ tag }) => tag),
  );
  const asked = requests.filter(({ tag }) => inStorm.has(tag));
  const attempts = sightings.filter(({ tag }) => inStorm.has(tag));
  const amplification = attempts.length / Math.max(1, asked.length);
  verdict.figure('requests_in_the_storm', asked.length);
  verdict.figure('attempts_in_the_storm', attempts.length);
  verdict.figure('attempts_per_request', rounded(amplification, 3));
  verdict.expect('the upstreams were asked far more often than the gateway', amplification <= AMPLIFICATION_MAX);
  verdict.figure('answers_in_the_storm', otherAnswers(asked));

  const after = requests.filter(({ startedMs }) => startedMs >= healedMs);
  const lastFailureMs = after.reduce((last, { isWhole, startedMs }) => (isWhole ? last : Math.max(last, startedMs)), 0);
  const recoveryMs = Math.max(0, lastFailureMs - healedMs);
  verdict.figure('requests_after', after.length);
  verdict.figure('failed_after', after.filter(({ isWhole }) => !isWhole).length);
  verdict.figure('answers_after', otherAnswers(after));
  verdict.figure('recovered_after_ms', recoveryMs);
  verdict.expect('service was not normal in time after the upstreams were', recoveryMs <= RECOVERY_MAX_MS);
}
