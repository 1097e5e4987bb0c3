import type { ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { PREFIX, QUEUE } from '../../../apps/worker/src/queue/worker-app.js';
import { Books, sumsOf } from '../books.js';
import { crowdConfig, memberSecret } from '../crowd.js';
import { Deployment, MODELS } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import { RedisState } from '../redis-state.js';
import { SteadyTraffic } from '../steady-traffic.js';
import { until } from '../until.js';
import { rounded, Verdict } from '../verdict.js';
import { otherAnswers } from './answers.js';
import { driftNanoUsd } from './limits-agree.js';

const MEMBERS = 20;
const PER_SECOND = 30;
/** Jobs that do not wait for anything but the database. */
const QUICK_JOBS = ['rollups', 'expire-keys', 'alerts', 'deliver-alerts'];
/** The lock of a job ends after 30 s: whoever is silent for longer has lost it. */
const SILENCE_MS = 40_000;
const DONE_MAX_MS = 120_000;

/** Maintenance is killed and stopped in the middle of thousands of jobs: each is done in the end, and sums are what they were. */
export async function workerJobs({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const verdict = new Verdict('maintenance is killed and stopped');
  const deployment = await Deployment.start({
    ...{ program, gateways: 1, workers: 1, redis: [], postgres: true },
    config: crowdConfig(MEMBERS),
  });
  const books = Books.of(deployment);
  const redis = new RedisState(deployment.redis.url);
  const { hostname: host, port } = new URL(deployment.redis.url);
  const queue = new Queue(QUEUE, { connection: { host, port: Number(port) }, prefix: PREFIX });
  try {
    const { url } = deployment.gateway;
    const traffic = new SteadyTraffic(PER_SECOND, (number) => {
      return { url, secret: memberSecret(number % MEMBERS), tag: `jobs-${number}`, model: MODELS.quick };
    });
    const jobs = isQuick ? 200 : 10_000;
    const start = (): ChildProcess => deployment.startMaintenance(program);
    let worker = start();
    await until('maintenance has its turns', async () => (await queue.getJobSchedulersCount()) >= QUICK_JOBS.length);
    await queue.addBulk(
      Array.from({ length: jobs }, (_, number) => ({
        name: QUICK_JOBS[number % QUICK_JOBS.length] ?? '',
        data: {},
        opts: { removeOnComplete: true, attempts: 8 },
      })),
    );
    for (let kill = 0; kill < (isQuick ? 2 : 20); kill += 1) {
      await pause(1_000);
      worker.kill('SIGKILL');
      worker = start();
    }
    if (!isQuick) {
      await pause(1_000);
      worker.kill('SIGSTOP');
      start();
      await pause(SILENCE_MS);
      worker.kill('SIGCONT');
    }
    const schedules = await queue.getJobSchedulersCount();
    // Of what runs in turns, the next turn always waits; reconciling takes a quarter of a minute.
    const isDone = async (): Promise<boolean> => {
      const { active = 0, wait = 0, delayed = 0, failed = 0 } = await queue.getJobCounts();
      return active === 0 && wait === 0 && failed === 0 && delayed === schedules;
    };
    const doneMs = await until('all jobs are done', isDone, DONE_MAX_MS).catch(() => null);
    verdict.figure('jobs', jobs);
    verdict.figure('done_after_ms', doneMs === null ? null : rounded(doneMs));
    verdict.figure('left', await queue.getJobCounts());
    verdict.expect('jobs are stuck', doneMs !== null);
    verdict.figure('run_again', deployment.maintenanceLog.split('was left unfinished').length - 1);
    const replies = await traffic.stop();
    verdict.figure('other_answers', otherAnswers(replies));
    await judgeSums(verdict, { books, redis, wanted: replies.filter(({ status }) => status === 200).length });
  } finally {
    await queue.close();
    redis.close();
    await books.close();
    await deployment.remove();
  }
  return [verdict];
}

async function judgeSums(
  verdict: Verdict,
  { books, redis, wanted }: { readonly books: Books; readonly redis: RedisState; readonly wanted: number },
): Promise<void> {
  await until('the ledger has everything', async () => (await books.count()) >= wanted).catch(() => undefined);
  const ledger = sumsOf(await books.rows());
  verdict.same('records', ledger.requests, wanted);
  verdict.figure('ledger_nano_usd', ledger.costNanoUsd);
  for (const table of ['rollups_hourly', 'rollups_daily'] as const) {
    const rollups = await books.rollups(table);
    verdict.same(`${table}_requests`, rollups.requests, ledger.requests);
    verdict.same(`${table}_nano_usd`, rollups.costNanoUsd, ledger.costNanoUsd);
  }
  await until('everything is settled', async () => (await driftNanoUsd(books, redis)) === 0).catch(() => undefined);
  verdict.same('drift_nano_usd', await driftNanoUsd(books, redis), 0);
}
