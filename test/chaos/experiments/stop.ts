import { setTimeout as pause } from 'node:timers/promises';
import { Books, COMPLETED, doubles } from '../books.js';
import type { Row } from '../books.js';
import { Round, crowdConfig, memberSecret } from '../crowd.js';
import { Deployment, MODELS } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import { call } from '../operations.js';
import { signal } from '../processes.js';
import { SteadyTraffic } from '../steady-traffic.js';
import { until } from '../until.js';
import { Verdict, rounded } from '../verdict.js';
import { otherAnswers } from './answers.js';

const WORKERS = 2;
/** As the ledger numbers them. */
const TRUNCATED = 4;
const WORDS_PER_S = 20;

/** How much of everything there is. */
interface Size {
  readonly streams: number;
  /** Of streams that may end. */
  readonly seconds: number;
  /** In which all is to be over when streams go on for longer. */
  readonly graceS: number;
  readonly perSecond: number;
  readonly restarts: number;
}

const FULL: Size = { streams: 200, seconds: 10, graceS: 15, perSecond: 150, restarts: 4 };
const QUICK: Size = { streams: 50, seconds: 3, graceS: 6, perSecond: 50, restarts: 1 };

/** Stops a gateway as an orchestrator does, with streams that end in time and with streams that do not, and replaces its workers in traffic. */
export async function stop({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const size = isQuick ? QUICK : FULL;
  const deployment = await Deployment.start({
    ...{ program, gateways: 1, workers: WORKERS, redis: [], postgres: false },
    config: crowdConfig(size.streams),
  });
  try {
    const restarted = await restartInTraffic(deployment, size);
    const ended = await stopWithStreams(deployment, size);
    await deployment.gateway.start();
    return [restarted, ended, await stopInTheMiddle(deployment, size)];
  } finally {
    await deployment.remove();
  }
}

/** Streams that are shorter than the grace: all of them arrive. */
async function stopWithStreams(deployment: Deployment, { streams, seconds }: Size): Promise<Verdict> {
  const verdict = new Verdict('stopped while streams run that end in time');
  const { gateway } = deployment;
  gateway.configure({ timeouts: { drain_delay_s: 2, drain_s: seconds + 20 } });
  await call(`${gateway.ops}/healthz`, null);
  await gateway.stop();
  await gateway.start();
  const round = await openStreams(deployment, 1, streams, seconds * WORDS_PER_S);
  const startMs = performance.now();
  const stopped = gateway.stop();
  await until('the gateway says that it leaves', async () => (await readiness(gateway.url)) === 503, 1_500);
  verdict.figure('not_ready_ms', rounded(performance.now() - startMs));
  verdict.same('readiness_ops', await readiness(gateway.ops), 503);
  verdict.same('health_ops', (await call(`${gateway.ops}/healthz`, null)).status, 200);
  verdict.same('exit_status', await stopped, 0);
  verdict.figure('stopped_ms', rounded(performance.now() - startMs));
  const replies = await round.replies;
  verdict.same('complete', replies.filter(({ isWhole }) => isWhole).length, streams);
  const rows = await rowsOf(deployment);
  const ids = new Set(replies.map(({ id }) => id));
  const own = rows.filter(({ id }) => ids.has(id));
  verdict.same('records', own.filter(({ status }) => status === COMPLETED).length, streams);
  return verdict;
}

/** Streams that are longer: each is told an error in the stream, has its record, and the gateway ends in time. */
async function stopInTheMiddle(deployment: Deployment, { streams, graceS }: Size): Promise<Verdict> {
  const verdict = new Verdict('stopped while streams run that do not end in time');
  const { gateway } = deployment;
  await gateway.stop();
  // A second for last words, and a few for what has to be written down.
  gateway.configure({ timeouts: { drain_delay_s: 1, drain_s: graceS - 5 } });
  await gateway.start();
  const round = await openStreams(deployment, 2, streams, 60 * WORDS_PER_S);
  const startMs = performance.now();
  verdict.same('exit_status', await gateway.stop(), 0);
  const stoppedMs = performance.now() - startMs;
  verdict.figure('stopped_ms', rounded(stoppedMs));
  verdict.expect(`it did not end within ${graceS} s`, stoppedMs < graceS * 1_000);
  const replies = await round.replies;
  verdict.same('told_in_the_stream', replies.filter(({ errorCode }) => errorCode === 'overloaded').length, streams);
  verdict.same('told_it_was_whole', replies.filter(({ isWhole }) => isWhole).length, 0);
  const ids = new Set(replies.map(({ id }) => id));
  const rows = (await rowsOf(deployment)).filter(({ id }) => ids.has(id));
  const partial = rows.filter(({ status, outputTokens }) => status === TRUNCATED && outputTokens > 0);
  verdict.same('partial_records', partial.length, streams);
  verdict.same('double', doubles(rows).length, 0);
  return verdict;
}

/** New workers for old ones, again and again, while requests are sent. */
async function restartInTraffic(deployment: Deployment, { perSecond, restarts, streams }: Size): Promise<Verdict> {
  const verdict = new Verdict('workers replaced in traffic');
  const { gateway } = deployment;
  const { url } = gateway;
  const traffic = new SteadyTraffic(perSecond, (number) => {
    return { url, secret: memberSecret(number % streams), tag: `t-${number}`, model: MODELS.quick };
  });
  const first = gateway.workerPids();
  for (let restart = 0; restart < restarts; restart += 1) {
    await pause(1_000);
    const before = new Set(gateway.workerPids());
    signal(gateway.pid, 'SIGUSR2');
    const isReplaced = (): boolean => gateway.workerPids().filter((pid) => !before.has(pid)).length >= WORKERS;
    await until('there are new workers', isReplaced, 120_000);
  }
  await pause(3_000);
  const replies = await traffic.stop();
  verdict.figure('requests', replies.length);
  verdict.figure('restarts', restarts);
  verdict.same('workers_kept', gateway.workerPids().filter((pid) => first.includes(pid) && restarts > 1).length, 0);
  verdict.same('other_answers', otherAnswers(replies), '{}');
  verdict.same('refused', replies.filter(({ status }) => status === 429).length, 0);
  const ids = new Set(replies.map(({ id }) => id));
  const recorded = async (): Promise<readonly Row[]> => (await rowsOf(deployment)).filter(({ id }) => ids.has(id));
  await until('all records are there', async () => (await recorded()).length >= ids.size).catch(() => undefined);
  verdict.same('lost', ids.size - (await recorded()).length, 0);
  verdict.figure('most_ms', Math.max(...replies.map(({ startedMs, endedMs }) => endedMs - startedMs)));
  return verdict;
}

async function openStreams(deployment: Deployment, number: number, streams: number, words: number): Promise<Round> {
  const what = { model: MODELS.slow, stream: true, words, maxTokens: 4_000 };
  const round = new Round(number, streams, deployment, what);
  await until('the streams are open', () => round.answered === streams);
  return round;
}

async function readiness(url: string): Promise<number | null> {
  return call(`${url}/readyz`, null).then(
    ({ status }) => status,
    () => null,
  );
}

async function rowsOf(deployment: Deployment): Promise<readonly Row[]> {
  const books = Books.of(deployment);
  try {
    return await books.rows();
  } finally {
    await books.close();
  }
}
