import { CredentialVault } from '@switchyard/identity';
import type { StoredCredential, StoredIdentity } from '@switchyard/identity';
import type { GatewayConfig } from './gateway-config.js';
import { loadConfig, pointAtSimulator } from './load-config.js';
import { withStoredCredentials } from './stored-credentials.js';

const ENCRYPTION_KEY = 'an encryption key of thirty-two bytes';
const SECURITY = `security: { pepper: "a pepper of at least thirty-two bytes", encryption_key: "${ENCRYPTION_KEY}" }`;
const YAML = `
catalog: { builtin: false }
${SECURITY}
providers:
  - { id: bare, dialect: openai-chat, base_url: "http://127.0.0.1:1/v1" }
  - { id: dressed, dialect: openai-chat, base_url: "http://127.0.0.1:1/v1", credentials: [{ id: main, api_key: from-the-file }] }
models:
  - id: acme/m
    aliases: [m]
    endpoints:
      - { provider: bare, upstream_model: m, price: { prompt: 1, completion: 1 } }
      - { provider: dressed, upstream_model: m, price: { prompt: 1, completion: 1 } }
`;

const config = (text: string): GatewayConfig =>
  loadConfig({ path: null, text, environment: {}, secrets: 'throwaway' }).config;
const sealed = (fields: Partial<StoredCredential> & { secret?: string; key?: string } = {}): StoredCredential => {
  const { secret = 'stored-secret', key = ENCRYPTION_KEY, ...rest } = fields;
  const place = { rowId: 'r'.repeat(32), provider: rest.provider ?? 'bare' };
  return {
    ...place,
    id: 'main',
    sealed: new CredentialVault(Buffer.from(key)).seal(secret, place),
    digestPrefix: '01234567',
    weight: null,
    limits: null,
    createdAtMs: 1,
    updatedAtMs: 1,
    ...rest,
  };
};
const identity = (...credentials: StoredCredential[]): StoredIdentity => ({
  version: 1,
  tenants: [],
  keys: [],
  credentials,
});
const credentialsOf = ({ catalog }: GatewayConfig, provider: string): readonly unknown[] =>
  catalog.findProvider(provider)?.credentials ?? [];

describe('stored credentials', () => {
  const written = config(YAML);

  it('enable a provider that has none, everywhere in the catalogue, and come after those of the file', () => {
    const { config: joined, unusable } = withStoredCredentials(
      written,
      identity(
        sealed({ weight: 2, limits: { concurrency: 3 } }),
        sealed({ provider: 'dressed', id: 'second', secret: 'another-secret' }),
      ),
    );
    expect(unusable).toEqual([]);
    const limits = { requestsPerMinute: null, inputTokensPerMinute: null, outputTokensPerMinute: null, concurrency: 3 };
    const own = [{ id: 'main', apiKey: 'stored-secret', weight: 2, limits }];
    expect(credentialsOf(joined, 'bare')).toEqual(own);
    expect(joined.catalog.providers.find(({ id }) => id === 'bare')?.credentials).toEqual(own);
    for (const model of [joined.catalog.models[0], joined.catalog.resolve('m')?.model]) {
      expect(model?.endpoints[0]?.provider.credentials).toEqual(own);
    }
    expect(credentialsOf(joined, 'dressed')).toEqual([
      { id: 'main', apiKey: 'from-the-file', weight: 1 },
      { id: 'second', apiKey: 'another-secret', weight: 1 },
    ]);
    expect(credentialsOf(written, 'bare')).toEqual([]);
  });

  it.each([
    ['the file has one of the same id', { provider: 'dressed' }, /same id/],
    ['there is no such provider', { provider: 'nobody' }, /no such provider/],
    ['the encryption key is another now', { key: 'another encryption key of 32 bytes' }, /encryption_key/],
    ['the row is not the one it was sealed for', { rowId: 'other' }, /encryption_key/],
    ['its limits cannot be read', { limits: { unreadable: true } }, /limits/],
  ])('are left out and told of when %s', (_case, fields: Parameters<typeof sealed>[0] & object, reason) => {
    const { config: joined, unusable } = withStoredCredentials(written, identity(sealed(fields)));
    expect(unusable).toEqual([
      { provider: fields.provider ?? 'bare', id: 'main', reason: expect.stringMatching(reason) as string },
    ]);
    expect(JSON.stringify(joined.catalog.providers)).not.toContain('stored-secret');
    expect(JSON.stringify(unusable)).not.toContain('stored-secret');
    expect(credentialsOf(joined, 'dressed')).toEqual([{ id: 'main', apiKey: 'from-the-file', weight: 1 }]);
  });

  it('leave the configuration as it is where there are none, and one catalogue for the same ones', () => {
    expect(withStoredCredentials(written, null).config).toBe(written);
    expect(withStoredCredentials(written, { version: 1, tenants: [], keys: [] }).config).toBe(written);
    const stored = sealed();
    const { catalog } = withStoredCredentials(written, identity(stored)).config;
    expect(withStoredCredentials(written, { ...identity(stored), version: 2 }).config.catalog).toBe(catalog);
    const changed = identity({ ...stored, weight: 5 });
    expect(withStoredCredentials(written, changed).config.catalog).not.toBe(catalog);
  });

  it.each([
    ['that can be opened', ENCRYPTION_KEY, 1],
    ['that cannot', 'another encryption key of 32 bytes', 0],
  ])('end the simulation as soon as there is one %s: nothing is invented beside real accounts', (_case, key, count) => {
    const simulated = pointAtSimulator(config(SECURITY), 'http://127.0.0.1:9999');
    expect(simulated.simulated).toBe(true);
    const { config: joined } = withStoredCredentials(simulated, identity(sealed({ provider: 'groq', key })));
    expect(joined.simulated).toBe(false);
    expect(credentialsOf(joined, 'groq')).toHaveLength(count);
    for (const { id, baseUrl, credentials } of joined.catalog.providers) {
      expect([id, baseUrl.includes('127.0.0.1:9999')]).toEqual([id, false]);
      expect([id, credentials.some((one) => one.id === 'simulator')]).toEqual([id, false]);
    }
    const [simulatedProvider] = simulated.catalog.providers;
    expect(simulatedProvider?.baseUrl).toContain('http://127.0.0.1:9999');
  });
});
