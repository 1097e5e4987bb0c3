import { createHmac } from 'node:crypto';
import { ATTEMPTS_MAX } from '../alerts/alert-outbox.js';
import { sendWebhook } from '../alerts/send-webhook.js';
import type { MaintenanceContext } from '../maintenance/context.js';
import { NEVER, NOW_MS, budgetOf, ownersWith, recordOf, testContext } from '../testing/context.js';
import type { TestContext } from '../testing/context.js';
import { withEachDatabase } from '../testing/databases.js';
import { startReceiver } from '../testing/webhook-receiver.js';
import type { WebhookReceiver } from '../testing/webhook-receiver.js';
import { runAlerts } from './alerts.js';
import { runDeliverAlerts } from './deliver-alerts.js';

const SECRET = 'whsec-canary-0123456789';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NANO_PER_USD = 1_000_000_000;

withEachDatabase((newUrl) => {
  let context: TestContext;
  let receiver: WebhookReceiver;
  let nowMs: number;

  const open = async (
    statusOf: (call: number) => number | null,
    parts: Partial<MaintenanceContext> = {},
    thresholds: readonly number[] = [0.5, 0.8, 1],
  ): Promise<void> => {
    nowMs = NOW_MS;
    receiver = await startReceiver(statusOf);
    context = await testContext(
      {
        now: () => nowMs,
        send: sendWebhook,
        alerts: { url: receiver.url, secret: SECRET, thresholds },
        budgetedOwners: ownersWith(budgetOf('budget_day', 10 * NANO_PER_USD)),
        ...parts,
      },
      await newUrl(),
    );
  };

  afterEach(async () => {
    await receiver.close();
    await context.close();
  });

  const spend = async (usd: number, createdAtMs = NOW_MS): Promise<void> => {
    await context.ledger.insert([recordOf({ costNanoUsd: usd * NANO_PER_USD, createdAtMs })]);
  };

  const notice = async (): Promise<number> => (await runAlerts(context))['noticed']!;
  const deliver = (): Promise<unknown> => runDeliverAlerts(context, NEVER);
  const bodies = (): Record<string, unknown>[] =>
    receiver.calls.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  const statesOf = async (): Promise<unknown[]> =>
    (await context.database.kysely.selectFrom('alerts_sent').select('state').execute()).map(({ state }) => state);

  it('says which budget passed which threshold, with a signature that the receiver can check', async () => {
    await open(() => 200, {}, [0.5]);
    await spend(5);
    expect(await notice()).toBe(1);
    expect(await deliver()).toEqual({ sent: 1, failed: 0, dead: 0 });
    expect(bodies()).toEqual([
      {
        id: expect.stringMatching(/^alert_[0-9a-f]{32}$/),
        type: 'budget.threshold',
        level: 'tenant',
        owner: 'acme',
        window: '2026-11-20',
        threshold: 0.5,
        spent_usd: 5,
        limit_usd: 10,
        at: '2026-11-20T12:00:00.000Z',
      },
    ]);
    const [call] = receiver.calls;
    const expected = createHmac('sha256', SECRET)
      .update(`${NOW_MS / 1_000}.${call!.body}`)
      .digest('hex');
    expect(call!.headers['x-switchyard-signature']).toBe(`t=${NOW_MS / 1_000},v1=${expected}`);
  });

  it('speaks once of each threshold, however often it is looked at and by however many', async () => {
    await open(() => 200);
    await spend(4.9);
    expect(await notice()).toBe(0);
    await spend(3.1);
    await Promise.all([notice(), notice(), notice()]);
    await Promise.all([deliver(), deliver(), deliver()]);
    await spend(2);
    await notice();
    await deliver();
    await notice();
    await deliver();
    expect(
      bodies()
        .map(({ threshold }) => threshold)
        .sort(),
    ).toEqual([0.5, 0.8, 1]);
    expect(new Set(bodies().map(({ id }) => id)).size).toBe(3);
  });

  it('speaks of every owner and window apart, and again in the next window', async () => {
    const limits = [
      budgetOf('budget_day', 10 * NANO_PER_USD),
      budgetOf('budget_month', 10 * NANO_PER_USD),
      budgetOf('budget_total', 10 * NANO_PER_USD, { level: 'key', owner: 'ci' }),
      budgetOf('requests', 10),
    ];
    await open(() => 200, { budgetedOwners: ownersWith(...limits) }, [0.5]);
    await spend(6);
    await notice();
    await deliver();
    nowMs += DAY_MS;
    await spend(6, nowMs);
    await notice();
    await deliver();
    const told = bodies().map(({ level, owner, window }) => `${String(level)}/${String(owner)}/${String(window)}`);
    expect(told.sort()).toEqual([
      'key/ci/total',
      'tenant/acme/2026-11',
      'tenant/acme/2026-11-20',
      'tenant/acme/2026-11-21',
    ]);
  });

  it('tries again, later each time, until the receiver takes it', async () => {
    await open((call) => (call < 3 ? 500 : 204), {}, [1]);
    await spend(10);
    await notice();
    const times: number[] = [];
    while (receiver.calls.length < 4) {
      const before = receiver.calls.length;
      await deliver();
      if (receiver.calls.length > before) times.push(nowMs - NOW_MS);
      nowMs += 1_000;
    }
    // Chance adds a quarter to each wait here: 10 s, 20 s, 40 s.
    expect(times).toEqual([0, 13_000, 38_000, 88_000]);
    nowMs += DAY_MS;
    await deliver();
    expect(receiver.calls.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(await statesOf()).toEqual(['sent']);
    expect(new Set(bodies().map(({ id }) => id)).size).toBe(1);
  });

  it.each([
    ['an error', 500],
    ['a redirect', 302],
  ])('keeps an alert that was only ever answered with %s as dead, and leaves it alone', async (_what, status) => {
    await open(() => status, {}, [1]);
    await spend(10);
    await notice();
    for (let run = 0; run < 20; run += 1) {
      await deliver();
      nowMs += HOUR_MS;
    }
    await notice();
    await deliver();
    expect(receiver.calls).toHaveLength(ATTEMPTS_MAX);
    expect(await statesOf()).toEqual(['dead']);
    expect(context.events.filter(({ type }) => type === 'alert_dead')).toEqual([
      { type: 'alert_dead', alert: 'tenant/acme/2026-11-20/1', attempts: 8, reason: `status ${status}` },
    ]);
  });

  it('takes the attempt of a process that died meanwhile for made', async () => {
    await open(() => 200, {}, [1]);
    await spend(10);
    await notice();
    await context.database.kysely.updateTable('alerts_sent').set({ attempts: 1, sent_at: NOW_MS }).execute();
    await deliver();
    expect(receiver.calls).toEqual([]);
    nowMs += 15_000;
    await deliver();
    expect(receiver.calls).toHaveLength(1);
    await context.database.kysely
      .updateTable('alerts_sent')
      .set({ attempts: ATTEMPTS_MAX, sent_at: NOW_MS, state: 'pending' })
      .execute();
    nowMs += DAY_MS;
    expect(await deliver()).toEqual({ sent: 0, failed: 0, dead: 1 });
    expect(receiver.calls).toHaveLength(1);
  });

  it('says nothing of a budget of 0, of which nothing can be spent, nor when nobody wants to know', async () => {
    await open(() => 200, { budgetedOwners: ownersWith(budgetOf('budget_day', 0)) });
    expect(await notice()).toBe(0);
    await context.close();
    await receiver.close();
    await open(() => 200, { alerts: null });
    await spend(10);
    expect(await notice()).toBe(0);
    expect(await deliver()).toEqual({ sent: 0, failed: 0, dead: 0 });
    expect(receiver.calls).toEqual([]);
  });

  it('keeps the secret out of the database and of what is said about failures', async () => {
    await open(() => 500, {}, [1]);
    await spend(10);
    await notice();
    await deliver();
    const rows = await context.database.kysely.selectFrom('alerts_sent').selectAll().execute();
    expect(JSON.stringify([rows, context.events])).not.toContain(SECRET);
  });
});

describe('an alert that cannot be sent', () => {
  it('is told with the kind of the failure, not with the address, which may be a secret itself', async () => {
    const context = await testContext({
      alerts: { url: 'http://127.0.0.1:1/hook-canary', secret: SECRET, thresholds: [1] },
      budgetedOwners: ownersWith(budgetOf('budget_day', 1)),
      send: sendWebhook,
    });
    await context.ledger.insert([recordOf()]);
    await runAlerts(context);
    await runDeliverAlerts(context, NEVER);
    expect(context.events).toEqual([
      { type: 'alert_failed', alert: 'tenant/acme/2026-11-20/1', attempts: 1, reason: 'ECONNREFUSED' },
    ]);
    await context.close();
  });
});
