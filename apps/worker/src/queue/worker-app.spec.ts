import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { startRedis } from '../../../../test/testing/redis.js';
import type { TestRedis } from '../../../../test/testing/redis.js';
import type { MaintenanceJob } from '../maintenance/context.js';
import { lastRuns } from '../maintenance/reports.js';
import { testContext } from '../testing/context.js';
import type { TestContext } from '../testing/context.js';
import { everythingIn } from '../testing/redis-content.js';
import { until } from '../testing/until.js';
import type { QueueEvent } from './queue-event.js';
import { PREFIX, QUEUE, WorkerApp } from './worker-app.js';
import type { WorkerAppOptions } from './worker-app.js';

const SILENT_WORKER = fileURLToPath(new URL('../testing/silent-worker.mjs', import.meta.url));
const HOUR_MS = 3_600_000;
/** Locks of half a second make what another process left unfinished run soon. */
const LOCK_MS = 500;

let redis: TestRedis;
let context: TestContext;
let events: QueueEvent[];
let workers: WorkerApp[];
let inspected: Redis;
let queue: Queue;

beforeEach(async () => {
  redis = await startRedis();
  context = await testContext();
  events = [];
  workers = [];
  inspected = new Redis(redis.url, { maxRetriesPerRequest: null });
  inspected.on('error', () => undefined);
  queue = new Queue(QUEUE, { connection: inspected, prefix: PREFIX });
  queue.on('error', () => undefined);
});

afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  inspected.disconnect();
  await context.close();
  await redis.stop();
});

function start(jobs: readonly MaintenanceJob[], options: Partial<WorkerAppOptions> = {}): WorkerApp {
  const worker = new WorkerApp({
    redisUrl: redis.url,
    jobs,
    context,
    onEvent: (event) => events.push(event),
    lockMs: LOCK_MS,
    retryMs: 1,
    ...options,
  });
  workers.push(worker);
  return worker;
}

/** A job that counts its runs. */
function counted(name: string, everyMs = HOUR_MS): { readonly job: MaintenanceJob; readonly runs: () => number } {
  let runs = 0;
  const run = (): Promise<Record<string, number>> => Promise.resolve({ runs: ++runs });
  return { job: { name, everyMs, run }, runs: () => runs };
}

const failing = (name: string, message: string): MaintenanceJob => ({
  name,
  everyMs: HOUR_MS,
  run: () => Promise.reject(new TypeError(message)),
});

const typesOf = (): string[] => events.map(({ type }) => type);

describe('the queue', () => {
  it('runs every job at once and again at its turns, and keeps the report of the last run', async () => {
    const [often, seldom] = [counted('often', 50), counted('seldom')];
    const worker = start([often.job, seldom.job]);
    await until(() => often.runs() >= 3 && seldom.runs() === 1);
    expect(worker.status).toMatchObject({ isConnected: true, failed: 0, stalled: 0, dead: 0 });
    const runs = await lastRuns(context.database);
    expect(runs.get('seldom')).toEqual({ ranAtMs: context.now(), report: { runs: 1 } });
    expect([...runs.keys()].sort()).toEqual(['often', 'seldom']);
  });

  it('gives each turn to one of its workers', async () => {
    const shared = counted('shared');
    const others = [start([shared.job]), start([shared.job]), start([shared.job])];
    await until(() => shared.runs() > 0 && others.every((worker) => worker.status.isConnected));
    await until(async () => (await queue.getJobSchedulersCount()) === 1 && (await queue.getDelayedCount()) === 1);
    expect(shared.runs()).toBe(1);
    expect(others.reduce((done, worker) => done + worker.status.done, 0)).toBe(1);
  });

  it('gives the job of a killed worker to another one', async () => {
    const work = counted('work');
    await queue.upsertJobScheduler('work', { every: HOUR_MS }, { name: 'work', data: {}, opts: { attempts: 8 } });
    const child = spawn(process.execPath, [SILENT_WORKER, redis.url, QUEUE, PREFIX], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await queue.getActiveCount()).toBe(1);
    const worker = start([work.job]);
    await until(async () => work.runs() === 1 && (await queue.getActiveCount()) === 0);
    expect(worker.status.stalled).toBe(1);
    expect(typesOf()).toContain('job_stalled');
  });

  it('tries a failing job eight times and keeps it among the failed, which are bounded', async () => {
    start([failing('broken', 'no')]);
    await until(async () => (await queue.getFailedCount()) === 1);
    const [dead] = await queue.getFailed();
    expect(dead).toMatchObject({ name: 'broken', attemptsMade: 8, failedReason: 'TypeError', data: {} });
    expect(dead!.opts).toMatchObject({ removeOnFail: { count: 1_000 }, removeOnComplete: true });
    expect(context.events.filter(({ type }) => type === 'job_failed')).toHaveLength(8);
    expect(events).toContainEqual({ type: 'job_dead', job: 'broken', attempts: 8, reason: 'TypeError' });
    expect(await queue.getDelayedCount()).toBe(1);
  });

  it('keeps nothing of a job in Redis but its name, its times and the kind of its failure', async () => {
    const secret = 'sk-canary-0123456789';
    const work = counted('work');
    start([failing('broken', `could not reach postgres://user:${secret}@host`), work.job]);
    await until(async () => (await queue.getFailedCount()) === 1 && work.runs() === 1);
    const content = await everythingIn(inspected);
    expect(content).toContain('TypeError');
    expect(content).not.toContain(secret);
    expect(content).not.toContain('postgres://');
  });

  it('keeps all its keys under one hash tag', async () => {
    const work = counted('work');
    start([work.job, failing('broken', 'no')]);
    await until(async () => (await queue.getFailedCount()) === 1 && work.runs() === 1);
    const keys = await inspected.keys('*');
    expect(keys.length).toBeGreaterThan(5);
    expect(keys.filter((key) => !key.startsWith('{switchyard}:'))).toEqual([]);
  });
});

describe('a worker whose Redis', () => {
  it('is absent at its start waits for it', async () => {
    redis.signal('SIGKILL');
    const work = counted('work');
    const worker = start([work.job]);
    await until(() => typesOf().includes('queue_away'));
    expect(worker.status.isConnected).toBe(false);
    await redis.restart();
    await until(() => work.runs() === 1);
    expect(typesOf()).toEqual(['queue_away', 'queue_back']);
  });

  it('lost all it held schedules its jobs anew', async () => {
    const work = counted('work');
    const worker = start([work.job]);
    await until(async () => worker.status.done === 1 && (await queue.getActiveCount()) === 0);
    redis.signal('SIGKILL');
    await redis.restart();
    await until(() => work.runs() === 2);
    expect(typesOf()).toEqual(['queue_back', 'queue_away', 'queue_back']);
  });

  it('refuses its commands says so once, does not storm it, and goes on afterwards', async () => {
    const work = counted('work', 50);
    start([work.job]);
    await until(() => work.runs() > 0);
    await inspected.config('SET', 'maxmemory', '1');
    await until(() => typesOf().includes('queue_fault'));
    await inspected.config('RESETSTAT');
    await until(async () => (await commandsOf(inspected)) > 0);
    expect(await commandsOf(inspected)).toBeLessThan(50);
    await inspected.config('SET', 'maxmemory', '0');
    const before = work.runs();
    await until(() => work.runs() > before + 1);
    expect(events.filter(({ type }) => type === 'queue_fault')).toEqual([{ type: 'queue_fault', reason: 'OOM' }]);
  });
});

describe('a worker that is stopped', () => {
  it('asks its running job to end, and leaves it to the next worker', async () => {
    let started = 0;
    const long: MaintenanceJob = {
      name: 'long',
      everyMs: HOUR_MS,
      run: (_context, signal) =>
        new Promise((resolve, reject) => {
          started += 1;
          if (started > 1) resolve({});
          signal.addEventListener('abort', () => {
            reject(new Error('aborted'));
          });
        }),
    };
    const first = start([long]);
    await until(() => started === 1);
    await first.stop();
    expect(first.status).toMatchObject({ running: 0, failed: 1 });
    const second = start([long]);
    await until(() => second.status.done === 1);
    expect(started).toBe(2);
  });

  it('stops without Redis too', async () => {
    const work = counted('work');
    const worker = start([work.job]);
    await until(() => work.runs() === 1);
    redis.signal('SIGKILL');
    await until(() => typesOf().includes('queue_away'));
    await worker.stop();
    expect(worker.status.running).toBe(0);
  });
});

async function commandsOf(client: Redis): Promise<number> {
  const stats = await client.info('commandstats');
  return [...stats.matchAll(/^cmdstat_evalsha:calls=(\d+)/gm)].reduce((sum, match) => sum + Number(match[1]), 0);
}
