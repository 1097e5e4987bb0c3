import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Database } from '@switchyard/database';
import { startPostgres } from '../../../test/testing/postgres.js';
import type { TestPostgres } from '../../../test/testing/postgres.js';
import { CredentialStore } from './credential-store.js';
import { CredentialVault } from './credential-vault.js';
import { KeyStore } from './key-store.js';

const ENCRYPTION_KEY = Buffer.from('an encryption key of thirty-two bytes');
const SECRET = 'sk-provider-canary-0123456789';
const vault = new CredentialVault(ENCRYPTION_KEY);

describe('a sealed secret', () => {
  const place = { rowId: 'row', provider: 'groq' };

  it('is opened as it was sealed, for its row and provider only', () => {
    fc.assert(
      fc.property(fc.string(), (secret) => {
        const sealed = vault.seal(secret, place);
        expect(vault.open(sealed, place)).toBe(secret);
        expect(vault.open(sealed, { ...place, rowId: 'other' })).toBeNull();
        expect(vault.open(sealed, { ...place, provider: 'other' })).toBeNull();
        expect(vault.open(sealed, { rowId: 'ro', provider: 'wgroq' })).toBeNull();
      }),
      { numRuns: 100 },
    );
  });

  it('is not opened under another encryption key, or when a character of it was changed, cut or added', () => {
    const sealed = vault.seal(SECRET, place);
    expect(new CredentialVault(ENCRYPTION_KEY.subarray(1)).open(sealed, place)).toBeNull();
    fc.assert(
      fc.property(fc.nat(sealed.length - 2), (at) => {
        const other = sealed[at] === 'A' ? 'B' : 'A';
        expect(vault.open(sealed.slice(0, at) + other + sealed.slice(at + 1), place)).toBeNull();
        expect(vault.open(sealed.slice(0, at), place)).toBeNull();
      }),
      { numRuns: 200 },
    );
    expect(vault.open(`${sealed}AAAA`, place)).toBeNull();
    expect(vault.open('', place)).toBeNull();
  });

  it('never looks the same twice, while its digest does, and shows nothing of it', () => {
    expect(vault.seal(SECRET, place)).not.toBe(vault.seal(SECRET, place));
    expect(vault.digestPrefixOf(SECRET)).toBe(vault.digestPrefixOf(SECRET));
    expect(vault.digestPrefixOf(SECRET)).toMatch(/^[0-9a-f]{8}$/);
    expect(vault.digestPrefixOf(SECRET)).not.toBe(
      new CredentialVault(ENCRYPTION_KEY.subarray(1)).digestPrefixOf(SECRET),
    );
  });
});

describe('credentials in the database', () => {
  let folder: string;
  let postgres: TestPostgres;
  const databases: Database[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchyard-credentials-'));
    postgres = await startPostgres();
  });
  afterAll(async () => {
    await Promise.all(databases.map((database) => database.close()));
    await postgres.stop();
    rmSync(folder, { recursive: true });
  });

  async function open(kind: 'sqlite' | 'postgres'): Promise<Database> {
    const url = kind === 'sqlite' ? null : await postgres.createDatabase();
    const database = Database.open({ url, file: join(folder, 'switchyard.db') });
    databases.push(database);
    await database.migrate();
    return database;
  }

  it.each(['sqlite', 'postgres'] as const)('%s: are stored, listed, changed and deleted', async (kind) => {
    const database = await open(kind);
    const keys = new KeyStore(database, Buffer.from('pepper'));
    let nowMs = 1_000;
    const store = new CredentialStore(database, vault, () => nowMs);
    const created = await store.create({ provider: 'groq', id: 'main', secret: SECRET, weight: null, limits: null });
    expect(created).toMatchObject({
      provider: 'groq',
      id: 'main',
      weight: null,
      createdAtMs: 1_000,
      updatedAtMs: 1_000,
    });
    expect(vault.open(created.sealed, created)).toBe(SECRET);
    await store.create({
      provider: 'deepinfra',
      id: 'main',
      secret: 'another-secret',
      weight: 0.5,
      limits: { concurrency: 3 },
    });
    expect((await store.list()).map(({ provider }) => provider)).toEqual(['deepinfra', 'groq']);
    expect((await keys.all()).credentials).toEqual(await store.list());

    nowMs = 2_000;
    const reweighed = await store.update('groq', 'main', { weight: 2 });
    expect(reweighed).toEqual({ ...created, weight: 2, updatedAtMs: 2_000 });
    const replaced = await store.update('groq', 'main', { secret: 'a-new-secret' });
    expect(vault.open(replaced.sealed, replaced)).toBe('a-new-secret');
    expect(replaced.digestPrefix).toBe(vault.digestPrefixOf('a-new-secret'));
    expect(replaced.weight).toBe(2);

    const before = await keys.version();
    await store.delete('groq', 'main');
    expect(await keys.version()).toBe(before + 1);
    expect((await store.list()).map(({ provider }) => provider)).toEqual(['deepinfra']);
  });

  it.each(['sqlite', 'postgres'] as const)('%s: refuse an id that is taken, and one that nobody has', async (kind) => {
    const store = new CredentialStore(await open(kind), vault);
    const fields = { provider: 'together', id: 'main', secret: SECRET, weight: null, limits: null };
    await store.create(fields);
    await expect(store.create(fields)).rejects.toMatchObject({ code: 'conflict' });
    await expect(store.update('together', 'none', { weight: 1 })).rejects.toMatchObject({ code: 'not_found' });
    await expect(store.delete('none', 'main')).rejects.toMatchObject({ code: 'not_found' });
    expect(await store.list()).toContainEqual(expect.objectContaining({ provider: 'together', weight: null }));
  });

  it('never hold a secret that could be read', async () => {
    const store = new CredentialStore(await open('sqlite'), vault);
    await store.create({ provider: 'mistral', id: 'main', secret: SECRET, weight: null, limits: null });
    const files = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'latin1'));
    expect(files.join()).toContain('mistral');
    expect(files.join()).not.toContain(SECRET);
    expect(JSON.stringify(await store.list())).not.toContain(SECRET);
  });

  it('whose settings nobody can read keep limits that no provider has', async () => {
    const database = await open('sqlite');
    const store = new CredentialStore(database, vault);
    await store.create({ provider: 'xai', id: 'main', secret: SECRET, weight: 3, limits: { concurrency: 1 } });
    await database.kysely
      .updateTable('provider_credentials')
      .set({ settings: '{' })
      .where('provider', '=', 'xai')
      .execute();
    const found = (await store.list()).find(({ provider }) => provider === 'xai');
    expect(found).toMatchObject({ weight: null, limits: { unreadable: true } });
  });
});
