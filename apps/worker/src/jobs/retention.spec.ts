import { AlertOutbox } from '../alerts/alert-outbox.js';
import { NEVER, NOW_MS, recordOf, testContext } from '../testing/context.js';
import type { TestContext } from '../testing/context.js';
import { withEachDatabase } from '../testing/databases.js';
import { runRetention } from './retention.js';

const DAY_MS = 86_400_000;

withEachDatabase((newUrl) => {
  let context: TestContext;

  afterEach(() => context.close());

  const stored = async (): Promise<readonly number[]> =>
    (await context.ledger.list({ limit: 100 })).records.map(({ createdAtMs }) => createdAtMs);

  it('removes records older than they are to be kept and leaves their sums', async () => {
    context = await testContext({ retention: { requestsDays: 30 } }, await newUrl());
    const old = NOW_MS - 30 * DAY_MS - 1;
    await context.ledger.insert([recordOf({ createdAtMs: old }), recordOf({ createdAtMs: old + 1 }), recordOf()]);
    expect(await runRetention(context, NEVER)).toEqual({ requests: 1, alerts: 0 });
    expect(await stored()).toEqual([old + 1, NOW_MS - 3_600_000]);
    const [spend] = await context.ledger.spend([{ level: 'tenant', id: 'acme' }], NOW_MS);
    expect(spend).toMatchObject({ totalNanoUsd: 300 });
    expect(await runRetention(context, NEVER)).toEqual({ requests: 0, alerts: 0 });
  });

  it('goes on in steps until all are gone', async () => {
    context = await testContext({ retention: { requestsDays: 1 } }, await newUrl());
    const old = Array.from({ length: 5_001 }, () => recordOf({ createdAtMs: NOW_MS - 2 * DAY_MS }));
    await context.ledger.insert(old);
    expect(await runRetention(context, NEVER)).toEqual({ requests: 5_001, alerts: 0 });
  });

  it('keeps records for ever when no time is set', async () => {
    context = await testContext({}, await newUrl());
    await context.ledger.insert([recordOf({ createdAtMs: 1 })]);
    expect(await runRetention(context, NEVER)).toEqual({ requests: 0, alerts: 0 });
    expect(await stored()).toEqual([1]);
  });

  it('begins no further step once it is asked to end', async () => {
    context = await testContext({ retention: { requestsDays: 1 } }, await newUrl());
    await context.ledger.insert([recordOf({ createdAtMs: 1 })]);
    expect(await runRetention(context, AbortSignal.abort())).toEqual({ requests: 0, alerts: 0 });
    expect(await stored()).toEqual([1]);
  });

  it('forgets alerts of windows that are long over, and none that could be noticed again', async () => {
    context = await testContext({}, await newUrl());
    const alert = { level: 'tenant', owner: 'acme', threshold_permille: 500, payload: '{}' };
    const outbox = new AlertOutbox(context.database);
    await outbox.add(
      [
        { ...alert, window_id: '2026-07' },
        { ...alert, window_id: 'total' },
      ],
      NOW_MS - 101 * DAY_MS,
    );
    await outbox.add([{ ...alert, window_id: '2026-11' }], NOW_MS);
    expect(await runRetention(context, NEVER)).toEqual({ requests: 0, alerts: 1 });
    const left = await context.database.kysely.selectFrom('alerts_sent').select('window_id').execute();
    expect(left.map(({ window_id: window }) => window).sort()).toEqual(['2026-11', 'total']);
  });
});
