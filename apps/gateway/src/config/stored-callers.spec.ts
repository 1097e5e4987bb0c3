import type { StoredIdentity, StoredKey, StoredTenant } from '@switchyard/identity';
import { loadConfig } from './load-config.js';
import { allCallers } from './stored-callers.js';

const { config } = loadConfig({
  path: null,
  text: `
tenants: [{ id: acme, policy: { zdr: true } }]
keys: [{ id: file, tenant: acme, key: sk-switchyard-test }]
`,
  environment: {},
  secrets: 'throwaway',
});

const key = (id: string, fields: Partial<StoredKey> = {}): StoredKey => ({
  id,
  tenant: 'acme',
  label: id,
  hint: 'gw_live_',
  digest: id.padEnd(64, '0'),
  previousDigest: null,
  previousExpiresAtMs: null,
  permissions: ['inference'],
  policy: null,
  limits: null,
  compat: [],
  expiresAtMs: null,
  revokedAtMs: null,
  createdAtMs: 0,
  updatedAtMs: 0,
  ...fields,
});
const tenant = (id: string, fields: Partial<StoredTenant> = {}): StoredTenant => ({
  id,
  policy: null,
  limits: null,
  createdAtMs: 0,
  updatedAtMs: 0,
  ...fields,
});
const stored = (tenants: StoredTenant[], keys: StoredKey[]): StoredIdentity => ({ version: 1, tenants, keys });

describe('callers of configuration and database', () => {
  it('are held to the rules of their tenant, wherever each comes from', () => {
    const made = tenant('new', { policy: { data_collection: 'deny' } });
    const { keys } = allCallers(config, stored([made], [key('one'), key('two', { tenant: 'new' })]));
    expect(keys.map(({ keyId, tenantPolicy }) => [keyId, tenantPolicy])).toEqual([
      ['file', { zdr: true }],
      ['one', { zdr: true }],
      ['two', { dataCollection: 'deny' }],
    ]);
  });

  it('have the rules of their own, in the form of the configuration', () => {
    const rules = { policy: { only: ['groq'] }, limits: { requests_per_minute: 5, budget_usd: { day: 0.5 } } };
    const { keys } = allCallers(config, stored([], [key('one', rules)]));
    expect(keys[1]).toMatchObject({
      keyPolicy: { only: ['groq'] },
      limits: { requestsPerMinute: 5, budgetNanoUsd: { day: 500_000_000 } },
    });
  });

  it('count as the configuration says where an id is in both', () => {
    const { keys, tenants } = allCallers(config, stored([tenant('acme')], [key('file')]));
    expect(keys).toEqual(config.keys);
    expect(tenants.get('acme')?.policy).toEqual({ zdr: true });
  });

  it.each([
    ['rules that do not validate', [], key('one', { policy: { zdr: 'maybe' } }), 'zdr'],
    ['limits that do not validate', [], key('one', { limits: { budget_usd: { day: -1 } } }), 'budget_usd.day'],
    ['a tenant that is gone', [], key('one', { tenant: 'gone' }), '"gone"'],
  ])('are not served with %s', (_case, tenants, broken, reason) => {
    const { keys, unusable } = allCallers(config, stored(tenants, [broken]));
    expect(keys.map(({ keyId }) => keyId)).toEqual(['file']);
    expect(unusable).toEqual([{ id: 'one', reason: expect.stringContaining(reason) as string }]);
  });

  it('are not served when the rules of their tenant do not validate', () => {
    const { keys, unusable } = allCallers(
      config,
      stored([tenant('new', { policy: { zdrr: true } })], [key('one', { tenant: 'new' })]),
    );
    expect(keys).toHaveLength(1);
    expect(unusable.map(({ id }) => id)).toEqual(['new', 'one']);
  });
});
