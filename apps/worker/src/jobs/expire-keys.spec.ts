import { KeyStore } from '@switchyard/identity';
import type { NewKey } from '@switchyard/identity';
import { NOW_MS, testContext } from '../testing/context.js';
import type { TestContext } from '../testing/context.js';
import { withEachDatabase } from '../testing/databases.js';
import { runExpireKeys } from './expire-keys.js';

withEachDatabase((newUrl) => {
  let context: TestContext;
  let nowMs: number;
  let keys: KeyStore;

  beforeEach(async () => {
    nowMs = NOW_MS;
    context = await testContext({ now: () => nowMs }, await newUrl());
    keys = new KeyStore(context.database, Buffer.alloc(32, 7), { now: () => nowMs });
  });

  afterEach(() => context.close());

  const create = (id: string, parts: Partial<NewKey> = {}): Promise<unknown> =>
    keys.create(
      {
        id,
        tenant: 'acme',
        label: null,
        permissions: ['inference'],
        policy: null,
        limits: null,
        compat: [],
        expiresAtMs: null,
        ...parts,
      },
      () => true,
    );

  it('marks keys whose time has passed as revoked at that time, and no others', async () => {
    await create('past', { expiresAtMs: NOW_MS - 1 });
    await create('now', { expiresAtMs: NOW_MS });
    await create('later', { expiresAtMs: NOW_MS + 1 });
    await create('never');
    expect(await runExpireKeys(context)).toEqual({ expired: 2, forgotten: 0 });
    const revoked = (await keys.list({ limit: 10 })).map(({ id, revokedAtMs }) => [id, revokedAtMs]);
    expect(Object.fromEntries(revoked)).toEqual({ past: NOW_MS - 1, now: NOW_MS, later: null, never: null });
  });

  it('forgets the secret before a rotation once nobody may use it', async () => {
    await create('ci');
    await keys.rotate('ci', 60_000);
    nowMs += 59_999;
    expect(await runExpireKeys(context)).toEqual({ expired: 0, forgotten: 0 });
    nowMs += 1;
    expect(await runExpireKeys(context)).toEqual({ expired: 0, forgotten: 1 });
    expect(await keys.find('ci')).toMatchObject({ previousDigest: null, previousExpiresAtMs: null, revokedAtMs: null });
  });

  it('raises the version of all keys with a change and leaves it without one', async () => {
    await create('past', { expiresAtMs: NOW_MS - 1 });
    const before = await keys.version();
    await runExpireKeys(context);
    expect(await keys.version()).toBe(before + 1);
    await runExpireKeys(context);
    expect(await keys.version()).toBe(before + 1);
  });

  it('changes nothing twice when it runs twice at once', async () => {
    await create('past', { expiresAtMs: NOW_MS - 1 });
    const reports = await Promise.all([runExpireKeys(context), runExpireKeys(context)]);
    expect(reports.reduce((sum, report) => sum + report['expired']!, 0)).toBe(1);
  });
});
