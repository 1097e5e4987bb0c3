import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf } from './key-digest.js';
import { IdentitySnapshot } from './identity-snapshot.js';
import type { SnapshotRead } from './identity-snapshot.js';
import type { StoredIdentity } from './stored-identity.js';

const PEPPER = Buffer.from('a pepper of at least thirty-two bytes');
const DAY_MS = 24 * 60 * 60 * 1_000;

const STORED: StoredIdentity = {
  version: 7,
  tenants: [{ id: 'acme', policy: { zdr: true }, limits: null, createdAtMs: 1, updatedAtMs: 2 }],
  keys: [
    {
      id: 'ci',
      tenant: 'acme',
      label: 'Größe "x" \u2028',
      hint: 'gw_live_abcdefgh',
      digest: digestOf('secret', PEPPER),
      previousDigest: null,
      previousExpiresAtMs: null,
      permissions: ['inference'],
      policy: { only: ['groq'] },
      limits: { budget_usd: { day: 1 } },
      compat: ['naga'],
      expiresAtMs: null,
      revokedAtMs: null,
      createdAtMs: 1,
      updatedAtMs: 2,
    },
  ],
};

let directory: string;
let file: string;
let nowMs: number;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'switchyard-snapshot-'));
  file = join(directory, 'identity.json');
  nowMs = Date.UTC(2026, 0, 1);
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function snapshot(pepper = PEPPER): IdentitySnapshot {
  return new IdentitySnapshot(file, pepper, () => nowMs);
}

function faultOf(read: SnapshotRead): string | null {
  return read.stored === null ? read.fault : null;
}

describe('a snapshot of the callers', () => {
  it('reads as it was written', async () => {
    await snapshot().write(STORED);
    nowMs += 5_000;

    expect(await snapshot().read()).toEqual({ stored: STORED, ageMs: 5_000 });
  });

  it('is replaced as a whole, for its owner only, and leaves nothing beside it', async () => {
    writeFileSync(`${file}.draft`, 'left behind by a crash, and longer than it should be'.repeat(100));
    chmodSync(`${file}.draft`, 0o666);
    await snapshot().write(STORED);
    await snapshot().write({ ...STORED, version: 8 });

    expect(await snapshot().read()).toMatchObject({ stored: { version: 8 } });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(['identity.json']);
  });

  it('is used for a day and not a moment longer', async () => {
    await snapshot().write(STORED);
    nowMs += DAY_MS;
    expect(faultOf(await snapshot().read())).toBeNull();
    nowMs += 1;
    expect(faultOf(await snapshot().read())).toBe('age');
  });

  it('is not used when the clock was set back by more than a day', async () => {
    await snapshot().write(STORED);
    nowMs -= DAY_MS + 1;

    expect(faultOf(await snapshot().read())).toBe('age');
  });

  it('is of no use under another pepper', async () => {
    await snapshot().write(STORED);

    expect(faultOf(await snapshot(Buffer.from('another pepper of at least 32 bytes!')).read())).toBe('signature');
  });

  it.each<[string, string, (text: string) => string]>([
    ['with another tenant', 'signature', (text) => text.replace('acme', 'evil')],
    ['with another time', 'signature', (text) => text.replace(/written_at_ms\\":\d/, 'written_at_ms\\":9')],
    ['with a shorter signature', 'signature', (text) => text.replace(/"signature":"../, '"signature":"')],
    ['without a signature', 'form', (text) => text.replace('"signature"', '"signed"')],
    ['of another form', 'form', (text) => text.replace('"form":1', '"form":2')],
    ['that is cut off', 'unreadable', (text) => text.slice(0, -10)],
    ['that is empty', 'unreadable', () => ''],
  ])('%s is ignored for its %s', async (_case, fault, change) => {
    await snapshot().write(STORED);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, change(text));

    expect(change(text)).not.toBe(text);
    expect(faultOf(await snapshot().read())).toBe(fault);
  });

  it('that was never written is missing, and not an error', async () => {
    expect(faultOf(await snapshot().read())).toBe('missing');
  });

  it('that cannot be written says so', async () => {
    const nowhere = new IdentitySnapshot(join(directory, 'missing', 'identity.json'), PEPPER);

    await expect(nowhere.write(STORED)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
