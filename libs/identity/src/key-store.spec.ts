import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '@switchyard/database';
import { startPostgres } from '../../../test/testing/postgres.js';
import type { TestPostgres } from '../../../test/testing/postgres.js';
import { KeyRing } from './key-ring.js';
import { looksLikeKey } from './key-secret.js';
import { KeyStore } from './key-store.js';
import type { NewKey } from './key-store.js';
import type { StoredKey } from './stored-identity.js';

const PEPPER = Buffer.from('a pepper of at least thirty-two bytes');
const START_MS = Date.UTC(2026, 0, 1);

const NEW: NewKey = {
  id: null,
  tenant: 'acme',
  label: null,
  permissions: ['inference', 'explain'],
  policy: null,
  limits: null,
  compat: [],
  expiresAtMs: null,
};

/** The configuration file knows this tenant, the database does not. */
const known = (id: string): boolean => id === 'acme';

let folder: string;
let postgres: TestPostgres;
let databases: Database[];
let nowMs: number;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-keys-'));
  databases = [];
  nowMs = START_MS;
});
afterEach(async () => {
  await Promise.all(databases.map((database) => database.close()));
  rmSync(folder, { recursive: true });
});

function open(url: string | null): Database {
  const database = Database.open({ url, file: join(folder, 'switchyard.db') });
  databases.push(database);
  return database;
}

/** A ring of everything in the store, as of `nowMs`. */
async function ringOf(store: KeyStore): Promise<KeyRing> {
  const { keys } = await store.all();
  const records = keys.map((key) => ({
    ...key,
    keyId: key.id,
    tenantId: key.tenant,
    permissions: new Set(key.permissions),
    compat: new Set(key.compat),
    keyPolicy: null,
    tenantPolicy: null,
  }));
  return KeyRing.of(records, PEPPER, () => nowMs);
}

async function opens(store: KeyStore, secret: string): Promise<boolean> {
  try {
    (await ringOf(store)).authenticate({ authorization: undefined, apiKey: secret });
    return true;
  } catch {
    return false;
  }
}

function withoutTimes({ updatedAtMs: _updatedAtMs, ...key }: StoredKey): Omit<StoredKey, 'updatedAtMs'> {
  return key;
}

describe.each(['sqlite', 'postgres'] as const)('keys in %s', (kind) => {
  let url: string | null;
  let store: KeyStore;

  beforeEach(async () => {
    url = kind === 'sqlite' ? null : await postgres.createDatabase();
    const database = open(url);
    await database.migrate();
    store = new KeyStore(database, PEPPER, { now: () => nowMs });
  });

  it('give their secret once, and open with it', async () => {
    const { key, secret } = await store.create(NEW, known);

    expect(looksLikeKey(secret)).toBe(true);
    expect(key).toMatchObject({ id: expect.stringMatching(/^key_/), label: key.id, hint: secret.slice(0, 16) });
    expect(
      JSON.stringify([key, await store.find(key.id), await store.list({ limit: 10 }), await store.all()]),
    ).not.toContain(secret.slice(17));
    expect(await opens(store, secret)).toBe(true);
  });

  it('are read as they were written', async () => {
    const input: NewKey = {
      id: 'team.ci-1',
      tenant: 'acme',
      label: 'Größe "x" \u2028 🙂',
      permissions: ['explain', 'admin'],
      policy: { only: ['groq'], max_price: { prompt: 0.1 } },
      limits: { budget_usd: { day: 0.3 } },
      compat: ['naga'],
      expiresAtMs: START_MS + 1,
    };
    const { key } = await store.create(input, known);

    expect(key).toMatchObject(input);
    expect(await store.find('team.ci-1')).toEqual(key);
    expect((await store.all()).keys).toEqual([key]);
    expect(key).toMatchObject({ createdAtMs: START_MS, updatedAtMs: START_MS, revokedAtMs: null });
  });

  it('need a tenant that somebody knows', async () => {
    await expect(store.create({ ...NEW, tenant: 'nobody' }, known)).rejects.toMatchObject({
      code: 'invalid_request',
      details: { param: 'tenant' },
    });
    await store.tenants.create({ id: 'nobody', policy: null, limits: null });

    expect((await store.create({ ...NEW, tenant: 'nobody' }, known)).key.tenant).toBe('nobody');
  });

  it('never share an id, not even with one that was revoked', async () => {
    await store.create({ ...NEW, id: 'ci' }, known);
    await expect(store.create({ ...NEW, id: 'ci' }, known)).rejects.toMatchObject({ code: 'conflict' });
    await store.revoke('ci');

    await expect(store.create({ ...NEW, id: 'ci' }, known)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('made at the same moment under one id are one key', async () => {
    // SQLite is one process's, and its connections would keep each other from ending.
    const others = [1, 2, 3].map(() => (kind === 'sqlite' ? store : new KeyStore(open(url), PEPPER)));
    const made = await Promise.allSettled([store, ...others].map((each) => each.create({ ...NEW, id: 'ci' }, known)));

    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of made) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'conflict' });
    }
    expect(await store.version()).toBe(1);
  });

  it('are changed in what is given, and in nothing else', async () => {
    const { key } = await store.create({ ...NEW, label: 'old', policy: { zdr: true }, expiresAtMs: 5 }, known);
    nowMs += 1_000;
    const changed = await store.update(key.id, { label: 'new', policy: null, permissions: ['inference'] });

    expect(changed).toEqual({ ...key, label: 'new', policy: null, permissions: ['inference'], updatedAtMs: nowMs });
    expect(await store.find(key.id)).toEqual(changed);
    expect(await store.update(key.id, { limits: { concurrency: 1 }, expiresAtMs: null })).toMatchObject({
      label: 'new',
      limits: { concurrency: 1 },
      expiresAtMs: null,
    });
  });

  it('that are rotated open with the new secret, and with the old one no longer', async () => {
    const { key, secret } = await store.create(NEW, known);
    const rotated = await store.rotate(key.id, 0);

    expect(rotated.key).toMatchObject({ id: key.id, previousDigest: null, hint: rotated.secret.slice(0, 16) });
    expect(await opens(store, secret)).toBe(false);
    expect(await opens(store, rotated.secret)).toBe(true);
  });

  it('that are rotated with grace open with both until it is over', async () => {
    const { key, secret } = await store.create(NEW, known);
    const rotated = await store.rotate(key.id, 60_000);
    nowMs += 59_999;
    expect(await opens(store, secret)).toBe(true);
    expect(await opens(store, rotated.secret)).toBe(true);

    nowMs += 1;
    expect(await opens(store, secret)).toBe(false);
    expect(await opens(store, rotated.secret)).toBe(true);
  });

  it('that are rotated twice take the last two secrets and not the first', async () => {
    const { key, secret } = await store.create(NEW, known);
    const second = await store.rotate(key.id, 60_000);
    const third = await store.rotate(key.id, 60_000);

    expect(await Promise.all([secret, second.secret, third.secret].map((each) => opens(store, each)))).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('that are revoked open no more, under any of their secrets, and stay to be seen', async () => {
    const { key, secret } = await store.create(NEW, known);
    const rotated = await store.rotate(key.id, 60_000);
    nowMs += 5;
    const revoked = await store.revoke(key.id);

    expect(revoked).toMatchObject({ revokedAtMs: nowMs, previousDigest: null });
    expect(await opens(store, secret)).toBe(false);
    expect(await opens(store, rotated.secret)).toBe(false);
    expect((await store.all()).keys).toEqual([]);
    expect(await store.find(key.id)).toEqual(revoked);
  });

  it('that are revoked again stay revoked since the first time, and can be neither changed nor rotated', async () => {
    const { key } = await store.create(NEW, known);
    const revoked = await store.revoke(key.id);
    nowMs += 1_000;

    expect(await store.revoke(key.id)).toEqual(revoked);
    await expect(store.update(key.id, { label: 'x' })).rejects.toMatchObject({ code: 'conflict' });
    await expect(store.rotate(key.id, 0)).rejects.toMatchObject({ code: 'conflict' });
    expect(withoutTimes((await store.find(key.id))!)).toEqual(withoutTimes(revoked));
  });

  it.each<[string, () => Promise<unknown>]>([
    ['changed', () => store.update('nobody', { label: 'x' })],
    ['rotated', () => store.rotate('nobody', 0)],
    ['revoked', () => store.revoke('nobody')],
  ])('that nobody has cannot be %s', async (_case, change) => {
    await expect(change()).rejects.toMatchObject({ code: 'not_found' });
    expect(await store.find('nobody')).toBeNull();
    expect(await store.version()).toBe(0);
  });

  it('are listed by id, page by page, for all tenants or one', async () => {
    await store.tenants.create({ id: 'other', policy: null, limits: null });
    for (const id of ['b', 'A', 'a', 'b-1', 'B', '0']) {
      await store.create({ ...NEW, id, tenant: id === 'a' ? 'other' : 'acme' }, known);
    }
    await store.revoke('b');
    const ids = async (page: Parameters<KeyStore['list']>[0]) => (await store.list(page)).map(({ id }) => id);

    expect(await ids({ limit: 3 })).toEqual(['0', 'A', 'B']);
    expect(await ids({ limit: 3, afterId: 'B' })).toEqual(['a', 'b', 'b-1']);
    expect(await ids({ limit: 10, tenant: 'acme' })).toEqual(['0', 'A', 'B', 'b', 'b-1']);
    expect(await ids({ limit: 10, tenant: 'ac%' })).toEqual([]);
  });

  it('with rules that cannot be read do not pass for keys without rules', async () => {
    const { key } = await store.create(NEW, known);
    const { kysely } = databases[0]!;
    await kysely
      .updateTable('api_keys')
      .set({ policy: '{"zdr":', limits: '[]', permissions: 'admin', compat: '["unheard-of","naga"]' })
      .execute();

    expect(await store.find(key.id)).toMatchObject({
      policy: { unreadable: true },
      limits: { unreadable: true },
      permissions: [],
      compat: ['naga'],
    });
  });

  it('leave no secret in the database', async () => {
    const { key, secret } = await store.create(NEW, known);
    const rotated = await store.rotate(key.id, 60_000);
    const rows = await databases[0]!.kysely.selectFrom('api_keys').selectAll().execute();
    const files =
      kind === 'sqlite' ? readdirSync(folder).map((file) => readFileSync(join(folder, file), 'latin1')) : [];
    const kept = [JSON.stringify(rows), ...files].join();

    expect(kept.split(rotated.key.hint).length).toBeGreaterThan(files.length > 0 ? 2 : 1);
    expect(kept).not.toContain(secret.slice(17, 60));
    expect(kept).not.toContain(rotated.secret.slice(17, 60));
  });
});

describe.each(['sqlite', 'postgres'] as const)('tenants in %s', (kind) => {
  let store: KeyStore;

  beforeEach(async () => {
    const database = open(kind === 'sqlite' ? null : await postgres.createDatabase());
    await database.migrate();
    store = new KeyStore(database, PEPPER, { now: () => nowMs });
  });

  it('are read as they were written, and changed in what is given', async () => {
    const tenant = await store.tenants.create({ id: 'acme', policy: { zdr: true }, limits: { concurrency: 2 } });
    expect(await store.tenants.find('acme')).toEqual(tenant);
    nowMs += 1_000;

    expect(await store.tenants.update('acme', { limits: null })).toEqual({
      ...tenant,
      limits: null,
      updatedAtMs: nowMs,
    });
    expect((await store.all()).tenants).toEqual([await store.tenants.find('acme')]);
  });

  it('never share an id', async () => {
    await store.tenants.create({ id: 'acme', policy: null, limits: null });

    await expect(store.tenants.create({ id: 'acme', policy: null, limits: null })).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  it('go only when all their keys are revoked', async () => {
    await store.tenants.create({ id: 'acme', policy: null, limits: null });
    const { key } = await store.create({ ...NEW, expiresAtMs: 1 }, () => false);
    await expect(store.tenants.delete('acme')).rejects.toMatchObject({ code: 'conflict' });
    await store.revoke(key.id);
    await store.tenants.delete('acme');

    expect(await store.tenants.find('acme')).toBeNull();
  });

  it('that nobody knows can be neither changed nor removed', async () => {
    await expect(store.tenants.update('nobody', {})).rejects.toMatchObject({ code: 'not_found' });
    await expect(store.tenants.delete('nobody')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('are listed by id, page by page', async () => {
    for (const id of ['b', 'B', 'a']) await store.tenants.create({ id, policy: null, limits: null });
    const ids = async (page: { afterId?: string; limit: number }) =>
      (await store.tenants.list(page)).map(({ id }) => id);

    expect(await ids({ limit: 2 })).toEqual(['B', 'a']);
    expect(await ids({ limit: 2, afterId: 'a' })).toEqual(['b']);
  });

  it('and keys raise the version with every change, and with no attempt that failed', async () => {
    await store.tenants.create({ id: 'acme', policy: null, limits: null });
    const { key } = await store.create(NEW, () => false);
    await store.update(key.id, {});
    await store.rotate(key.id, 0);
    await store.revoke(key.id);
    await store.tenants.update('acme', {});
    await store.tenants.delete('acme');
    expect(await store.version()).toBe(7);
    await store.tenants.delete('acme').catch(() => {});

    expect((await store.all()).version).toBe(7);
  });

  it('a tenant and its first key come and go without a gap between them', async () => {
    await store.tenants.create({ id: 'acme', policy: null, limits: null });
    const outcomes = await Promise.allSettled([store.tenants.delete('acme'), store.create(NEW, () => false)]);
    const { tenants, keys } = await store.all();

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(keys.every(({ tenant }) => tenants.some(({ id }) => id === tenant))).toBe(true);
  });
});

describe('a database that is away', () => {
  it('is told by its own error', async () => {
    const url = await postgres.createDatabase();
    const store = new KeyStore(open(url.replace(/:\d+\//, ':1/')), PEPPER);

    await expect(store.version()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(store.create(NEW, known)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
