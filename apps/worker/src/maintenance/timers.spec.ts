import { testContext } from '../testing/context.js';
import type { TestContext } from '../testing/context.js';
import { until } from '../testing/until.js';
import type { MaintenanceJob } from './context.js';
import { MAINTENANCE } from './jobs.js';
import { lastRuns } from './reports.js';
import { MaintenanceTimers } from './timers.js';

let context: TestContext;
let timers: MaintenanceTimers;

beforeEach(async () => {
  context = await testContext();
});

afterEach(async () => {
  await timers.stop();
  await context.close();
});

function start(...jobs: MaintenanceJob[]): void {
  timers = new MaintenanceTimers(jobs, context);
  timers.start();
}

describe('maintenance on timers', () => {
  it('runs every job again and again and keeps the report of the last run', async () => {
    let runs = 0;
    start({ name: 'work', everyMs: 1, run: () => Promise.resolve({ runs: ++runs }) });
    await until(() => runs > 2);
    await timers.stop();
    expect((await lastRuns(context.database)).get('work')).toEqual({ ranAtMs: context.now(), report: { runs } });
  });

  it('goes on after a failure, which it tells', async () => {
    let runs = 0;
    start({
      name: 'work',
      everyMs: 1,
      run: () => (++runs === 1 ? Promise.reject(new Error('no')) : Promise.resolve({})),
    });
    await until(() => runs > 1);
    expect(context.events[0]).toMatchObject({ type: 'job_failed', job: 'work', error: new Error('no') });
  });

  it('never runs a job twice at once', async () => {
    let running = 0;
    let most = 0;
    let runs = 0;
    start({
      name: 'slow',
      everyMs: 1,
      run: async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running -= 1;
        runs += 1;
        return {};
      },
    });
    await until(() => runs > 5);
    expect(most).toBe(1);
  });

  it('asks a running job to end when it is stopped, waits for it, and starts nothing more', async () => {
    let runs = 0;
    let ended = false;
    start({
      name: 'long',
      everyMs: 1,
      run: (_context, signal) =>
        new Promise((resolve) => {
          runs += 1;
          signal.addEventListener('abort', () => {
            ended = true;
            resolve({});
          });
        }),
    });
    await until(() => runs === 1);
    await timers.stop();
    expect([runs, ended]).toEqual([1, true]);
  });

  it('runs all of maintenance in a deployment where nothing happened yet', async () => {
    start(...MAINTENANCE.map((job) => ({ ...job, everyMs: 1 })));
    const done = async (): Promise<ReadonlySet<string>> => new Set((await lastRuns(context.database)).keys());
    const names = new Set(MAINTENANCE.map(({ name }) => name));
    await until(async () => (await done()).size === names.size);
    expect(await done()).toEqual(names);
    expect(context.events.filter(({ type }) => type === 'job_failed')).toEqual([]);
  });
});
