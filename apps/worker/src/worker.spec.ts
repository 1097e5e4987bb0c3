import { Database } from '@switchyard/database';
import { Ledger } from '@switchyard/metering';
import { Redis } from 'ioredis';
import { startPostgres } from '../../../test/testing/postgres.js';
import type { TestPostgres } from '../../../test/testing/postgres.js';
import { startRedis } from '../../../test/testing/redis.js';
import type { TestRedis } from '../../../test/testing/redis.js';
import { AlertOutbox } from './alerts/alert-outbox.js';
import type { AlertTarget, LimitedGroup } from './maintenance/context.js';
import { MAINTENANCE } from './maintenance/jobs.js';
import { lastRuns } from './maintenance/reports.js';
import { budgetOf, recordOf } from './testing/context.js';
import { memoryLog } from './testing/memory-log.js';
import type { MemoryLog } from './testing/memory-log.js';
import { everythingIn } from './testing/redis-content.js';
import { until } from './testing/until.js';
import { startReceiver } from './testing/webhook-receiver.js';
import { MaintenanceWorker } from './worker.js';

const SECRET = 'whsec-canary-0123456789';

let redis: TestRedis;
let postgres: TestPostgres;
let url: string;
let log: MemoryLog;
let worker: MaintenanceWorker;
let ended: Promise<void>;

beforeAll(async () => {
  [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
});

afterAll(async () => {
  await Promise.all([redis.stop(), postgres.stop()]);
});

beforeEach(async () => {
  url = await postgres.createDatabase();
  log = memoryLog();
});

afterEach(async () => {
  worker.stop();
  await ended.catch(() => undefined);
  const client = new Redis(redis.url);
  await client.flushall();
  client.disconnect();
});

function start(alerts: AlertTarget | null = null, owners: readonly LimitedGroup[] = []): void {
  worker = new MaintenanceWorker({
    redisUrl: redis.url,
    database: { url, file: '' },
    settings: () => ({ alerts, retention: { requestsDays: null } }),
    probes: null,
    budgetedOwners: () => Promise.resolve(owners),
    log,
  });
  ended = worker.run();
  ended.catch(() => undefined);
}

async function withDatabase<T>(use: (database: Database) => Promise<T>): Promise<T> {
  const database = Database.open({ url, file: '' });
  try {
    await database.migrate();
    return await use(database);
  } finally {
    await database.close();
  }
}

const hasRunEverything = (): Promise<boolean> =>
  withDatabase(async (database) => (await lastRuns(database)).size === MAINTENANCE.length);

describe('a maintenance worker', () => {
  it('does all of maintenance on a database it finds empty, and ends when it is stopped', async () => {
    start();
    await until(hasRunEverything);
    expect(worker.status).toMatchObject({ isConnected: true, failed: 0, dead: 0 });
    worker.stop();
    await ended;
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('waits for a database that is away, and can be stopped while it does', async () => {
    postgres.signal('SIGKILL');
    start();
    await until(() => log.lines.some(({ said }) => said.includes('database away, waiting for it')));
    expect(worker.status).toBeNull();
    worker.stop();
    await ended;
    start();
    await postgres.restart();
    await until(hasRunEverything);
  });

  it('does not work with a database of a newer version', async () => {
    await withDatabase((database) =>
      database.kysely
        .insertInto('switchyard_migration' as never)
        .values({ name: '9999_future', timestamp: '2099-01-01' } as never)
        .execute(),
    );
    start();
    await expect(ended).rejects.toThrow('newer');
  });

  it('delivers each alert of a budget once, and leaves no secret in Redis', async () => {
    const receiver = await startReceiver(() => 200);
    await withDatabase(async (database) => {
      await new Ledger(database).insert([recordOf({ createdAtMs: Date.now() })]);
      const alert = { level: 'tenant', owner: 'acme', window_id: 'total', threshold_permille: 500 };
      await new AlertOutbox(database).add([{ ...alert, payload: '{"id":"alert_1"}' }], Date.now());
    });
    start({ url: receiver.url, secret: SECRET, thresholds: [0.5] }, [
      { group: 'acme', limits: [budgetOf('budget_total', 100)] },
    ]);
    const hasLooked = (): Promise<boolean> =>
      withDatabase(async (database) => (await lastRuns(database)).get('alerts')?.report['noticed'] === 0);
    await until(async () => receiver.calls.length > 0 && (await hasLooked()));
    const client = new Redis(redis.url);
    const content = await everythingIn(client);
    client.disconnect();
    worker.stop();
    await ended;
    await receiver.close();
    expect(receiver.calls.map(({ body }) => body)).toEqual(['{"id":"alert_1"}']);
    expect(content).toContain('deliver-alerts');
    for (const hidden of [SECRET, receiver.url, url]) expect(content).not.toContain(hidden);
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
