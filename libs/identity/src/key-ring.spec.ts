import fc from 'fast-check';
import type { KeyRecord } from './caller.js';
import { digestOf } from './key-digest.js';
import { KeyRing } from './key-ring.js';
import { newKeySecret } from './key-secret.js';

const PEPPER = Buffer.from('a pepper of at least thirty-two bytes');
const SECRET = 'sk-switchyard-local';
const NOW_MS = Date.UTC(2026, 0, 1);

function record(change: Partial<KeyRecord> = {}): KeyRecord {
  return {
    keyId: 'ci',
    tenantId: 'acme',
    label: 'Continuous integration',
    digest: digestOf(SECRET, PEPPER),
    expiresAtMs: null,
    permissions: new Set(['inference', 'explain']),
    keyPolicy: { zdr: true },
    tenantPolicy: null,
    compat: new Set(),
    ...change,
  };
}

function ring(...records: KeyRecord[]): KeyRing {
  return KeyRing.of(records, PEPPER, () => NOW_MS);
}

/** The key after a rotation: another secret is current, the one sent is the previous. */
function rotated(previousExpiresAtMs: number | null): Partial<KeyRecord> {
  return { digest: digestOf('sk-the-new-one', PEPPER), previousDigest: digestOf(SECRET, PEPPER), previousExpiresAtMs };
}

interface Headers {
  readonly authorization?: string;
  readonly apiKey?: string;
}

function authenticate(keys: KeyRing, { authorization, apiKey }: Headers) {
  return keys.authenticate({ authorization, apiKey });
}

function refusalOf(keys: KeyRing, headers: Headers): unknown {
  try {
    authenticate(keys, headers);
  } catch (error) {
    return error;
  }
  return null;
}

describe('a key ring', () => {
  it.each<[string, Headers]>([
    ['a bearer token', { authorization: `Bearer ${SECRET}` }],
    ['a bearer token under another case of the scheme', { authorization: `bearer ${SECRET}` }],
    ['a bearer token with more space before it', { authorization: `  Bearer   ${SECRET} ` }],
    ['x-api-key', { apiKey: SECRET }],
    ['x-api-key with space around it', { apiKey: ` ${SECRET} ` }],
    ['both headers with the same key', { authorization: `Bearer ${SECRET}`, apiKey: SECRET }],
  ])('knows the caller by %s', (_case, headers) => {
    expect(authenticate(ring(record()), headers)).toMatchObject({ keyId: 'ci', tenantId: 'acme' });
  });

  it('hands out the caller without the digest and the expiry that are kept with the key', () => {
    const caller = authenticate(ring(record({ expiresAtMs: NOW_MS + 1 })), { apiKey: SECRET });

    expect(Object.keys(caller).sort()).toEqual([
      'compat',
      'keyId',
      'keyPolicy',
      'label',
      'permissions',
      'tenantId',
      'tenantPolicy',
    ]);
    expect(caller.keyPolicy).toEqual({ zdr: true });
  });

  it('gives the same caller object for every request with one key, so that what is derived from it can be kept', () => {
    const keys = ring(record());

    expect(authenticate(keys, { apiKey: SECRET })).toBe(authenticate(keys, { authorization: `Bearer ${SECRET}` }));
  });

  const refused: readonly { sent: string; headers: Headers; change?: Partial<KeyRecord> }[] = [
    { sent: 'no key', headers: {} },
    { sent: 'an empty x-api-key', headers: { apiKey: '' } },
    { sent: 'an empty bearer token', headers: { authorization: 'Bearer ' } },
    { sent: 'a bare key without a scheme', headers: { authorization: SECRET } },
    { sent: 'another scheme', headers: { authorization: `Basic ${SECRET}` } },
    {
      sent: 'another scheme beside a valid x-api-key',
      headers: { authorization: 'Basic dXNlcjpwYXNz', apiKey: SECRET },
    },
    { sent: 'two words after the scheme', headers: { authorization: `Bearer ${SECRET} ${SECRET}` } },
    { sent: 'a wrong key', headers: { apiKey: 'sk-switchyard-locaX' } },
    { sent: 'the beginning of a key', headers: { apiKey: SECRET.slice(0, -1) } },
    { sent: 'a key with something after it', headers: { apiKey: `${SECRET}x` } },
    { sent: 'the key in another case', headers: { apiKey: SECRET.toUpperCase() } },
    { sent: 'the digest of a key', headers: { apiKey: digestOf(SECRET, PEPPER) } },
    { sent: 'two different keys', headers: { authorization: `Bearer ${SECRET}`, apiKey: 'sk-switchyard-other' } },
    {
      sent: 'two different keys, the valid one in x-api-key',
      headers: { authorization: 'Bearer sk-other', apiKey: SECRET },
    },
    { sent: 'an endless key', headers: { apiKey: 'x'.repeat(100_000) } },
    { sent: 'an expired key', headers: { apiKey: SECRET }, change: { expiresAtMs: NOW_MS } },
    { sent: 'a revoked key', headers: { apiKey: SECRET }, change: { revokedAtMs: NOW_MS - 1 } },
    { sent: 'a revoked key that never expires', headers: { apiKey: SECRET }, change: { revokedAtMs: 0 } },
    { sent: 'the secret before a rotation without grace', headers: { apiKey: SECRET }, change: rotated(null) },
    { sent: 'the secret before a rotation, its grace over', headers: { apiKey: SECRET }, change: rotated(NOW_MS) },
    {
      sent: 'the secret before a rotation, the key itself expired',
      headers: { apiKey: SECRET },
      change: { ...rotated(NOW_MS + 1), expiresAtMs: NOW_MS },
    },
    {
      sent: 'the secret before a rotation, the key itself revoked',
      headers: { apiKey: SECRET },
      change: { ...rotated(NOW_MS + 1), revokedAtMs: NOW_MS },
    },
    { sent: 'a well-formed key that nobody has', headers: { apiKey: newKeySecret() } },
  ];

  it.each(refused)('refuses $sent', ({ headers, change }) => {
    expect(refusalOf(ring(record(change)), headers)).toMatchObject({ name: 'GatewayError', code: 'authentication' });
  });

  it('says the same words whatever was wrong, and never what was sent', () => {
    const messages = new Set(refused.map(({ headers, change }) => String(refusalOf(ring(record(change)), headers))));

    expect(messages.size).toBe(1);
    expect([...messages][0]).not.toContain(SECRET);
  });

  it('takes a key until the very moment it expires', () => {
    expect(refusalOf(ring(record({ expiresAtMs: NOW_MS + 1 })), { apiKey: SECRET })).toBeNull();
  });

  it('knows nobody without the pepper under which the digests were made', () => {
    const keys = KeyRing.of([record()], Buffer.from('another pepper of at least 32 bytes!'));

    expect(refusalOf(keys, { apiKey: SECRET })).toMatchObject({ code: 'authentication' });
  });

  it('does not even look for a key that is longer than any can be', () => {
    const long = 'x'.repeat(513);

    expect(refusalOf(ring(record({ digest: digestOf(long, PEPPER) })), { apiKey: long })).not.toBeNull();
    expect(refusalOf(ring(record({ digest: digestOf(long.slice(1), PEPPER) })), { apiKey: long.slice(1) })).toBeNull();
  });

  it('tells keys apart that share any beginning', () => {
    const secret = fc.string({ minLength: 1, maxLength: 40, unit: fc.constantFrom('a', 'b', '-') });
    fc.assert(
      fc.property(secret, secret, (first, second) => {
        fc.pre(first !== second);
        const keys = ring(
          record({ keyId: 'first', digest: digestOf(first, PEPPER) }),
          record({ keyId: 'second', digest: digestOf(second, PEPPER) }),
        );
        expect(authenticate(keys, { apiKey: first }).keyId).toBe('first');
        expect(authenticate(keys, { authorization: `Bearer ${second}` }).keyId).toBe('second');
        expect(refusalOf(keys, { authorization: `Bearer ${first}`, apiKey: second })).not.toBeNull();
      }),
    );
  });
});

describe('a rotated key', () => {
  it('is taken under its old secret until the grace is over, and under its new one, as one and the same caller', () => {
    const keys = ring(record(rotated(NOW_MS + 1)));

    expect(authenticate(keys, { apiKey: SECRET })).toBe(authenticate(keys, { apiKey: 'sk-the-new-one' }));
  });

  it('does not take the place of a key whose secret is what its own was before', () => {
    const keys = ring(record({ keyId: 'other' }), record({ keyId: 'rotated', ...rotated(NOW_MS + 1) }));

    expect(authenticate(keys, { apiKey: SECRET }).keyId).toBe('other');
  });
});

describe('a key ring that is not complete', () => {
  const keys = KeyRing.of([record()], PEPPER, () => NOW_MS, { isComplete: false });

  it('asks the holder of a key it cannot judge to come back', () => {
    expect(refusalOf(keys, { apiKey: newKeySecret() })).toMatchObject({
      code: 'temporarily_unavailable',
      details: { retryAfterS: 5 },
    });
  });

  it.each([
    ['a mistyped key', { apiKey: newKeySecret().slice(0, -1) }],
    ['a text that no database key is', { apiKey: 'sk-something-else' }],
    ['no key', {}],
  ])('refuses %s as ever', (_case, headers) => {
    expect(refusalOf(keys, headers)).toMatchObject({ code: 'authentication' });
  });

  it('serves the keys it has', () => {
    expect(authenticate(keys, { apiKey: SECRET }).keyId).toBe('ci');
  });
});

describe('the holder of a key, by its id', () => {
  it('is the caller that the key gives', () => {
    const keys = ring(record());

    expect(keys.callerOf('ci')).toBe(authenticate(keys, { apiKey: SECRET }));
    expect(keys.has('ci')).toBe(true);
  });

  it.each<[string, KeyRecord[]]>([
    ['was never there', []],
    ['expired', [record({ expiresAtMs: NOW_MS })]],
    ['was revoked', [record({ revokedAtMs: NOW_MS })]],
  ])('is nobody once the key %s', (_case, records) => {
    expect(ring(...records).callerOf('ci')).toBeNull();
    expect(ring(...records).has('ci')).toBe(false);
  });
});
