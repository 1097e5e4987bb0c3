import 'reflect-metadata';
import { mkdtempSync, readFileSync, rmSync, statSync, existsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf, KeyRing } from '@switchyard/identity';
import { ConfigError } from './config-error.js';
import type { ConfigFault } from './config-error.js';
import type { Environment } from './environment.js';
import { loadConfig, pointAtSimulator } from './load-config.js';
import type { LoadResult } from './load-config.js';

/** Everything a file needs to serve one model of its own, without the shipped catalogue. */
const OWN_MODEL = `
catalog: { builtin: false }
providers:
  - id: deepinfra
    dialect: openai-chat
    base_url: http://127.0.0.1:9101/v1
    credentials: [{ id: main, api_key: upstream-secret }]
models:
  - id: acme/m1
    endpoints: [{ provider: deepinfra, price: { prompt: 0.1, completion: 0.3 } }]
`;
const PEPPER = 'p'.repeat(32);
const SECURITY = `security: { pepper: ${PEPPER}, encryption_key: ${'e'.repeat(32)} }\n`;

function load(text: string, environment: Environment = {}): LoadResult {
  return loadConfig({ path: null, text, environment, secrets: 'throwaway', cores: 4 });
}

function faultsOf(text: string, environment: Environment = {}): readonly ConfigFault[] {
  try {
    load(text, environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

describe('a configuration', () => {
  it('is complete when it says nothing but what is served', () => {
    const { config } = load(OWN_MODEL);

    expect(config.server).toEqual({
      host: '127.0.0.1',
      port: 8080,
      opsPort: 9090,
      workers: 1,
      maxBodyBytes: 33_554_432,
      maxBodyDepth: 64,
      maxImages: 100,
    });
    expect(config.timeouts).toEqual({
      connectMs: 3_000,
      headersMs: 30_000,
      firstEventMs: 60_000,
      reasoningFirstEventMs: 300_000,
      progressMs: 60_000,
      pingsMs: 300_000,
      idleMs: 60_000,
      totalMs: 900_000,
      nonStreamMs: 300_000,
      clientHeadersMs: 10_000,
      clientBodyMs: 60_000,
      clientKeepAliveMs: 75_000,
      clientStallMs: 60_000,
      headerHoldMs: 10_000,
      drainMs: 30_000,
      drainDelayMs: 5_000,
    });
    expect(config.routing).toEqual({
      policy: {},
      seed: null,
      maxModels: 8,
      maxAttempts: 8,
      retryBudgets: {
        tenant: { ratio: 0.1, floor: 10, windowMs: 60_000 },
        provider: { ratio: 0.2, floor: 3 },
        process: { tokens: 500, cost: 14 },
      },
      hedging: { enabled: false, maxShare: 0.02, maxNanoUsdPerHour: 1_000_000_000, maxInFlight: 200, minDelayMs: 500 },
      cancelStopsBilling: true,
    });
    expect(config).toMatchObject({ redis: null, database: null, simulated: false, log: { level: 'info' } });
    expect([...config.tenants.keys()]).toEqual(['default']);
  });

  it('refuses private hosts that are no names, addresses or ranges', () => {
    for (const entry of ['10.0.0.0/33', 'http://gpu.internal', 'gpu.internal:8000', '']) {
      const [fault] = faultsOf(`${OWN_MODEL}security: { private_hosts: ["${entry}"] }\n`);
      expect(fault).toMatchObject({ path: 'security.private_hosts' });
    }
    expect(faultsOf(`${OWN_MODEL}security: { private_hosts: [gpu.internal, 10.0.0.0/8, "::1"] }\n`)).toEqual([]);
  });

  it('takes an empty setting for an absent one', () => {
    const { config } = load(
      `${OWN_MODEL}redis:\nserver: { port: }\nkeys: [{ id: a, key: sk-0123456789abcdef, label: }]`,
    );

    expect(config.redis).toBeNull();
    expect(config.server.port).toBe(8080);
    expect(config.keys[0]?.label).toBe('a');
  });

  it('turns seconds into whole milliseconds, fractions included, and never into zero', () => {
    const { timeouts } = load(`${OWN_MODEL}timeouts: { connect_s: 0.25, idle_s: 0.0001, total_s: 6 }`).config;

    expect(timeouts).toMatchObject({ connectMs: 250, idleMs: 1, totalMs: 6_000, nonStreamMs: 2_000 });
  });

  it('turns short policy names into the rules of the policy engine', () => {
    const policy = `{ only: [groq], ignore: [], order: [groq, deepinfra], allow_fallbacks: false, sort: price, partition: none,
      zdr: true, data_collection: deny, enforce_distillable_text: true, require_parameters: true, quantizations: [fp8],
      max_price: { prompt: 1, completion: 0 }, preferred_min_throughput: 40, preferred_max_latency: { p90: 2 },
      regions: [EU], models: ["acme/*"], sticky: false }`;

    expect(load(`${OWN_MODEL}routing: { policy: ${policy} }`).config.routing.policy).toEqual({
      only: ['groq'],
      order: ['groq', 'deepinfra'],
      allowFallbacks: false,
      sort: 'price',
      partition: 'none',
      zdr: true,
      dataCollection: 'deny',
      enforceDistillableText: true,
      requireParameters: true,
      quantizations: ['fp8'],
      maxPrice: { prompt: 1, completion: 0 },
      preferredMinThroughput: { p50: 40 },
      preferredMaxLatency: { p90: 2 },
      regions: ['eu'],
      models: ['acme/*'],
      sticky: false,
    });
  });

  it('keeps limits with their tenants and keys, money in whole nano-USD', () => {
    const { config } = load(`${OWN_MODEL}
tenants: [{ id: acme, limits: { budget_usd: { month: 0.1 }, mode: shadow } }]
keys: [{ id: ci, tenant: acme, key: sk-0123456789abcdef, limits: { requests_per_minute: 600, concurrency: 20 } }]
limits: { mode: off }`);

    expect(config.tenants.get('acme')?.limits).toEqual({
      mode: 'shadow',
      requestsPerMinute: null,
      inputTokensPerMinute: null,
      outputTokensPerMinute: null,
      concurrency: null,
      budgetNanoUsd: { day: null, month: 100_000_000, total: null },
    });
    expect(config.keys[0]?.limits).toMatchObject({ mode: null, requestsPerMinute: 600, concurrency: 20 });
    expect(config.limits).toEqual({ mode: 'off', strictBudgets: false });
  });

  it('resolves a price exactly', () => {
    const endpoint = load(OWN_MODEL).config.catalog.models[0]?.endpoints[0];

    expect(endpoint?.price).toMatchObject({ prompt: 100_000, completion: 300_000, cacheRead: null });
  });
});

describe('keys', () => {
  const key = (members: string): string => `${OWN_MODEL}${SECURITY}keys: [{ id: ci, ${members} }]`;

  it('are kept as digests: the secret is nowhere in what was loaded', () => {
    const result = load(key('key: sk-very-secret-value'));

    expect(result.config.keys[0]?.digest).toBe(digestOf('sk-very-secret-value', Buffer.from(PEPPER)));
    expect(
      JSON.stringify(result, (_name, value: unknown) => (value instanceof Set ? [...value] : value)),
    ).not.toContain('very-secret');
  });

  it('may be given as the digest instead', () => {
    const digest = digestOf('sk-very-secret-value', Buffer.from(PEPPER));
    const { config } = load(key(`key_hash: ${digest.toUpperCase()}`));
    const keys = KeyRing.of(config.keys, config.security.pepper);

    expect(keys.authenticate({ authorization: undefined, apiKey: 'sk-very-secret-value' }).keyId).toBe('ci');
  });

  it('may infer and explain unless told otherwise, by the key or for all keys', () => {
    const secret = 'key: sk-0123456789abcdef';
    const permissionsOf = (text: string) => [...(load(text).config.keys[0]?.permissions ?? [])];

    expect(permissionsOf(key(secret))).toEqual(['inference', 'explain']);
    expect(permissionsOf(key(`${secret}, permissions: [admin]`))).toEqual(['admin']);
    expect(permissionsOf(key(`${secret}, permissions: []`))).toEqual([]);
    expect(
      permissionsOf(`${OWN_MODEL}security: { default_permissions: [inference] }\nkeys: [{ id: ci, ${secret} }]`),
    ).toEqual(['inference']);
  });

  it('carry the policy of their tenant, and the compatibility flags of the whole configuration', () => {
    const text = `${OWN_MODEL}compat: naga\ntenants: [{ id: acme, policy: { zdr: true } }]
keys: [{ id: ci, tenant: acme, key: sk-0123456789abcdef }, { id: free, key: sk-0123456789abcdeg }]`;
    const [ci, free] = load(text).config.keys;

    expect(ci).toMatchObject({ tenantId: 'acme', tenantPolicy: { zdr: true }, keyPolicy: null });
    expect(free).toMatchObject({ tenantId: 'default', tenantPolicy: null });
    expect([...(free?.compat ?? [])]).toEqual(['naga']);
  });

  it('expire at the moment that is given', () => {
    expect(load(key('key: sk-0123456789abcdef, expires_at: 2026-12-31T00:00:00Z')).config.keys[0]?.expiresAtMs).toBe(
      Date.UTC(2026, 11, 31),
    );
  });

  it('are noticed when they are short, and when there are none', () => {
    expect(load(key('key: short-key')).notices).toContainEqual({
      path: 'keys[0].key',
      message: expect.stringContaining('16 characters'),
    });
    expect(load(OWN_MODEL).notices).toContainEqual({ path: 'keys', message: expect.stringContaining('refused') });
  });
});

describe('faults', () => {
  it('are all reported at once, in the order of the file, with line, value and what was expected', () => {
    const text = `server: { port: 80800, wrkers: 2 }
routing:
  policy: { only: [], quantizations: [fp8, fp9] }
timeouts:
  idle_s: 0
keys:
  - { id: ci, key: sk-0123456789abcdef, tenant: nobody }
`;
    expect(faultsOf(text).filter(({ path }) => !path.startsWith('keys'))).toEqual([
      { path: 'server.wrkers', line: 1, value: 'an unknown key with a number', expected: 'the key "workers"' },
      { path: 'server.port', line: 1, value: '80800', expected: 'a whole number, at least 0, at most 65535' },
      {
        path: 'routing.policy.only',
        line: 3,
        value: 'an empty list',
        expected: 'a list of at least 1, each entry text, not empty, at most 128 characters',
      },
      {
        path: 'routing.policy.quantizations[1]',
        line: 3,
        value: '"fp9"',
        expected: 'one of int4, int8, fp4, mxfp4, nvfp4, fp6, fp8, mxfp8, fp16, bf16, fp32, unknown',
      },
      { path: 'timeouts.idle_s', line: 5, value: '0', expected: 'a number, above 0, at most 86400' },
    ]);
  });

  it('across sections are found although another section has faults of its own', () => {
    const paths = faultsOf(`server: { port: x }
keys: [{ id: a, key: sk-0123456789abcdef, tenant: nobody }]
${OWN_MODEL.replace('provider: deepinfra', 'provider: deepinfro')}`).map(({ path }) => path);

    expect(paths).toEqual(['server.port', 'keys[0].tenant', 'models[0].endpoints[0].provider']);
  });

  it.each<[string, string, string, string]>([
    [
      'a tenant that does not exist',
      'keys: [{ id: a, key: sk-0123456789abcdef, tenant: acne }]\ntenants: [{ id: acme }]',
      'keys[0].tenant',
      '"acme"',
    ],
    [
      'two keys of one id',
      'keys: [{ id: a, key: sk-0123456789abcdef }, { id: a, key: sk-0123456789abcdeg }]',
      'keys[1].id',
      'no other key',
    ],
    ['two tenants of one id', 'tenants: [{ id: a }, { id: a }]', 'tenants[1].id', 'no other tenant'],
    [
      'two keys with one secret',
      'keys: [{ id: a, key: sk-0123456789abcdef }, { id: b, key: sk-0123456789abcdef }]',
      'keys[1].key',
      'no other key',
    ],
    [
      'a key with both key and key_hash',
      `keys: [{ id: a, key: sk-0123456789abcdef, key_hash: ${'a'.repeat(64)} }]`,
      'keys[0].key_hash',
      'not both',
    ],
    ['a key without a secret', 'keys: [{ id: a }]', 'keys[0].key', 'key_hash'],
    ['a secret with a space in it', 'keys: [{ id: a, key: "sk 0123456789abcdef" }]', 'keys[0].key', 'without spaces'],
    ['a hash that is none', 'keys: [{ id: a, key_hash: abc }]', 'keys[0].key_hash', '64 hexadecimal'],
    ['a compatibility flag that does not exist', 'compat: [naga, saga]', 'compat', 'naga'],
    [
      'an expiry that is no date',
      'keys: [{ id: a, key: sk-0123456789abcdef, expires_at: soon }]',
      'keys[0].expires_at',
      '2026-12-31T00:00:00Z',
    ],
    [
      'an expiry whose moment depends on the machine',
      'keys: [{ id: a, key: sk-0123456789abcdef, expires_at: "2026-12-31T00:00:00" }]',
      'keys[0].expires_at',
      '2026-12-31T00:00:00Z',
    ],
    [
      'an expiry that is a week',
      'keys: [{ id: a, key: sk-0123456789abcdef, expires_at: 2999-W01 }]',
      'keys[0].expires_at',
      '2026-12-31T00:00:00Z',
    ],
    ['a short pepper', 'security: { pepper: short }', 'security.pepper', 'at least 32 characters'],
    ['an empty pepper', 'security: { pepper: "" }', 'security.pepper', 'at least 32 characters'],
    ['a negative number of workers', 'server: { workers: -1 }', 'server.workers', 'auto'],
    ['workers as a word', 'server: { workers: many }', 'server.workers', 'auto'],
    [
      'a percentile that does not exist',
      'routing: { policy: { preferred_max_latency: { p80: 1 } } }',
      'routing.policy.preferred_max_latency',
      'p50, p75, p90, p99',
    ],
    ['a wrong URL of Redis', 'redis: { url: "http://127.0.0.1" }', 'redis.url', 'redis://'],
    ['a section as a list', 'server: [{ port: 1 }]', 'server', 'a mapping'],
    ['a list entry that is no mapping', 'tenants: [acme]', 'tenants[0]', 'a mapping'],
    ['a list as a mapping', 'tenants: { id: acme }', 'tenants', 'a list'],
  ])('name %s', (_case, text, path, expected) => {
    const faults = faultsOf(`catalog: { builtin: false }\n${text}`);

    expect(faults).toContainEqual(expect.objectContaining({ path, expected: expect.stringContaining(expected) }));
  });

  it.each<[string, string, number, string]>([
    ['an indentation that is off', 'server:\n  port: 1\n host: x\n', 3, 'valid YAML'],
    ['a bracket that is never closed', 'server: { port: 1\n', 2, 'valid YAML'],
    ['the same key twice', 'server: { port: 1 }\nserver: { port: 2 }\n', 2, 'valid YAML'],
    ['a text in place of settings', 'just a text', 1, 'a mapping of settings'],
    ['a list in place of settings', '- a\n- b\n', 1, 'a mapping of settings'],
  ])('name the line of %s', (_case, text, line, expected) => {
    expect(faultsOf(text)[0]).toMatchObject({ path: '', line, expected: expect.stringContaining(expected) });
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'name the key %s, which no look-up may find',
    (name) => {
      expect(faultsOf(`server:\n  ${name}: { port: 1 }\n`)).toEqual([
        { path: `server.${name}`, line: 2, value: 'a key that is no setting', expected: 'a known key' },
      ]);
    },
  );

  it('name a file that cannot be read', () => {
    expect(() => loadConfig({ path: '/nowhere/switchyard.yaml', environment: {} })).toThrow(
      expect.objectContaining({ name: 'ConfigError', faults: [expect.objectContaining({ value: 'no such file' })] }),
    );
  });

  it('refuse more workers than one when limits are configured and nothing shares them, and say why', () => {
    const limited = `${OWN_MODEL}tenants: [{ id: a, limits: { requests_per_minute: 1 } }]\nserver: { workers: 2 }\n`;

    expect(faultsOf(limited)).toEqual([
      expect.objectContaining({
        path: 'server.workers',
        value: '2',
        expected: expect.stringContaining('without redis'),
      }),
    ]);
    expect(faultsOf(`${limited}redis: { url: "redis://127.0.0.1" }\n`)).toEqual([]);
    expect(faultsOf(`${limited}limits: { mode: off }\n`)).toEqual([]);
    expect(faultsOf(limited.replace('workers: 2', 'workers: 1'))).toEqual([]);
    expect(faultsOf(limited.replace('requests_per_minute: 1', 'mode: enforce'))).toEqual([]);
  });
});

describe('secrets in faults', () => {
  const SECRET = 'Sup3rSecretValue';

  it.each([
    `keys: [{ id: a, key: "${SECRET} x" }]`,
    `keys: [{ id: a, key_hash: ${SECRET} }]`,
    `keys: [{ id: a, key: { value: ${SECRET} } }]`,
    `keys: [{ id: a, kee: ${SECRET} }]`,
    `keys: [${SECRET}]`,
    `keys: ${SECRET}`,
    `security: { pepper: ${SECRET} }`,
    `security: { encryption_key: ${SECRET} }`,
    `database: { url: "mysql://user:${SECRET}@host/db" }`,
    `redis: { url: "http://:${SECRET}@host" }`,
    `providers: [{ id: p, dialect: openai-chat, base_url: "http://user:${SECRET}@host" }]`,
    `providers: [{ id: p, api_key: ${SECRET} }]`,
    `providers: [{ id: p, credentials: [{ id: c, api_key: "${SECRET}\\u0007" }] }]`,
    `providers: [{ id: p, credentials: ["${SECRET}"] }]`,
    `providers: [{ id: p, credentials: { id: c, api_key: ${SECRET} } }]`,
    `providers: [{ id: p, headers: { x-secret: [${SECRET}] } }]`,
  ])('are masked: %s', (text) => {
    const faults = faultsOf(`catalog: { builtin: false }\n${text}`);

    expect(faults.length).toBeGreaterThan(0);
    expect(JSON.stringify(faults)).not.toContain(SECRET);
  });

  it('do not come out of the environment either, wherever they were put', () => {
    const faults = faultsOf('server: { host: "${TOKEN}", port: "${TOKEN}" }', { TOKEN: `${SECRET} !` });

    expect(faults.map(({ value }) => value)).toEqual(['"${TOKEN}"', '"${TOKEN}"']);
  });
});

describe('references to the environment', () => {
  const host = (text: string, environment: Environment): string =>
    load(`catalog: { builtin: false }\nserver: { host: "${text}" }`, environment).config.server.host;

  it.each<[string, Environment, string]>([
    ['${HOST}', { HOST: 'a.test' }, 'a.test'],
    ['${HOST:-b.test}', { HOST: 'a.test' }, 'a.test'],
    ['${HOST:-b.test}', {}, 'b.test'],
    ['${HOST:-b.test}', { HOST: '' }, 'b.test'],
    ['x.${A}.${B:-y}', { A: 'a' }, 'x.a.y'],
  ])('%s becomes %j => %s', (text, environment, expected) => {
    expect(host(text, environment)).toBe(expected);
  });

  it('leave a doubled dollar sign as one, and do not look into what they put in', () => {
    const keyOf = (text: string, environment: Environment) =>
      load(`${OWN_MODEL}${SECURITY}keys: [{ id: a, key: '${text}' }]`, environment).config.keys[0]?.digest;

    expect(keyOf('sk-$${A}-0123456789', {})).toBe(digestOf('sk-${A}-0123456789', Buffer.from(PEPPER)));
    expect(keyOf('${A}', { A: 'sk-${B}-0123456789' })).toBe(digestOf('sk-${B}-0123456789', Buffer.from(PEPPER)));
  });

  it('may stand for numbers and switches', () => {
    const text = `${OWN_MODEL}server: { port: "\${PORT}" }\nrouting: { policy: { zdr: "\${ZDR}" } }\ntimeouts:\n  idle_s: \${IDLE:-2.5}\n`;
    const { config } = load(text, { PORT: '9000', ZDR: 'true' });

    expect(config).toMatchObject({
      server: { port: 9000 },
      routing: { policy: { zdr: true } },
      timeouts: { idleMs: 2500 },
    });
  });

  it('stay text where text is right, however much it looks like a number', () => {
    expect(
      load(`${OWN_MODEL}keys: [{ id: "\${ID}", key: sk-0123456789abcdef }]`, { ID: '42' }).config.keys[0]?.keyId,
    ).toBe('42');
  });

  it('are a fault when the variable is not set, naming place and variable', () => {
    expect(faultsOf('catalog: { builtin: false }\nserver: { host: "${NOWHERE}" }')).toEqual([
      { path: 'server.host', line: 2, value: '"${NOWHERE}"', expected: expect.stringContaining('NOWHERE to be set') },
    ]);
  });

  it.each(['${}', '${A B}', '${A', '${A:+b}', '${9A}'])('are a fault when malformed: %s', (reference) => {
    expect(faultsOf(`catalog: { builtin: false }\nserver: { host: '${reference}' }`, { A: 'a' })).toContainEqual(
      expect.objectContaining({ path: 'server.host', expected: expect.stringContaining('${NAME}') }),
    );
  });

  it('make a credential absent when its variable is not set, with a notice', () => {
    const text = OWN_MODEL.replace('upstream-secret', '"${UPSTREAM_KEY}"');

    expect(load(text, { UPSTREAM_KEY: 'k' }).config.catalog.providers[0]?.credentials).toMatchObject([{ apiKey: 'k' }]);
    for (const environment of [{}, { UPSTREAM_KEY: '' }]) {
      const { config, notices } = load(text, environment);
      expect(config.catalog.providers[0]?.credentials).toEqual([]);
      expect(notices).toContainEqual({
        path: 'providers[0].credentials[0]',
        message: expect.stringContaining('deepinfra'),
      });
    }
  });
});

describe('the shipped catalogue', () => {
  it('gets its credentials from the environment', () => {
    const { config } = load('', { ANTHROPIC_API_KEY: 'k' });

    expect(config.simulated).toBe(false);
    expect(config.catalog.findProvider('anthropic')?.credentials).toMatchObject([{ apiKey: 'k' }]);
    expect(config.catalog.findProvider('openai')?.credentials).toEqual([]);
  });

  it('is overridden field by field, and a credential of the file stands for the one of the environment', () => {
    const text = 'providers: [{ id: anthropic, credentials: [{ id: mine, api_key: m }], timeouts: { idle_s: 5 } }]';
    const anthropic = load(text, { ANTHROPIC_API_KEY: 'k' }).config.catalog.findProvider('anthropic');

    expect(anthropic).toMatchObject({
      dialect: 'anthropic-messages',
      credentials: [{ id: 'mine', apiKey: 'm' }],
      timeouts: { idleMs: 5_000 },
    });
  });

  it('raises no notices of its own, but says when a provider with a key had to be left out', () => {
    expect(load('').notices.filter(({ path }) => path === 'providers')).toEqual([]);
    expect(load('providers: [{ id: azure, credentials: [{ id: a, api_key: k }] }]').notices).toContainEqual({
      path: 'providers',
      message: expect.stringContaining('azure'),
    });
  });

  it('is not read when it is switched off', () => {
    expect(load('catalog: { builtin: false }').config.catalog.models).toEqual([]);
  });
});

describe('policies', () => {
  it('are loaded with names that fit nothing, but not without a word', () => {
    const text = `${OWN_MODEL}routing: { policy: { ignore: [deepinfre, DeepInfra, deepinfra/turbo] } }
keys: [{ id: ci, key: sk-0123456789abcdef, policy: { models: [acme/m2, "acme/*", acme/m1] } }]`;

    expect(load(text).notices).toEqual([
      {
        path: 'routing.policy.ignore',
        message: '"deepinfre" names no provider of the catalogue; "deepinfra" is close',
      },
      { path: 'key ci: policy.models', message: '"acme/m2" names no model of the catalogue; "acme/m1" is close' },
    ]);
  });
});

describe('the simulator', () => {
  it('stands in when nothing at all is set up', () => {
    expect(load('').config.simulated).toBe(true);
    expect(load('server: { port: 0 }').config.simulated).toBe(true);
  });

  it.each<[string, string, Environment]>([
    ['a key is in the environment', '', { OPENAI_API_KEY: 'k' }],
    [
      'the file lists a provider, even one whose key did not arrive',
      'providers: [{ id: openai, credentials: [{ id: a, api_key: "${NOPE}" }] }]',
      {},
    ],
    ['the shipped catalogue is switched off', 'catalog: { builtin: false }', {}],
  ])('stays away when %s', (_case, text, environment) => {
    expect(load(text, environment).config.simulated).toBe(false);
  });

  it('answers for every provider, each in its dialect, and for every name that a model goes by', () => {
    const { config } = load('');
    const { catalog } = pointAtSimulator(config, 'http://127.0.0.1:4000/');

    expect(catalog.version).not.toBe(config.catalog.version);
    expect(catalog.models.length).toBe(config.catalog.models.length);
    for (const provider of catalog.providers) {
      const path = provider.dialect === 'anthropic-messages' ? '' : '/v1';
      expect(provider.baseUrl).toBe(`http://127.0.0.1:4000/${provider.id}${path}`);
      expect(provider.credentials.length).toBe(1);
    }
    for (const model of catalog.models) {
      for (const name of [model.id, ...model.aliases]) expect(catalog.resolve(name)?.model).toBe(model);
      for (const { provider } of model.endpoints) expect(catalog.findProvider(provider.id)).toBe(provider);
    }
    expect(catalog.resolve('nobody/nothing')).toBeNull();
    expect(catalog.findProvider('nobody')).toBeNull();
  });
});

describe('generated secrets', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'switchyard-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  const text = (): string => `${OWN_MODEL}data_dir: ${join(directory, 'data')}`;
  const loadKept = (): LoadResult => loadConfig({ path: null, text: text(), environment: {} });

  it('are made once, for the owner only, and read again at the next start', () => {
    const first = loadKept().config.security;
    const second = loadKept().config.security;

    expect(first.pepper.length).toBeGreaterThanOrEqual(32);
    expect(first.pepper.equals(first.encryptionKey)).toBe(false);
    expect(second.pepper.equals(first.pepper)).toBe(true);
    expect(second.encryptionKey.equals(first.encryptionKey)).toBe(true);
    for (const name of ['pepper', 'encryption-key']) {
      expect(statSync(join(directory, 'data', name)).mode & 0o777).toBe(0o600);
    }
  });

  it('are refused when a file with one was emptied: an empty secret would open every door', () => {
    loadKept();
    writeFileSync(join(directory, 'data', 'pepper'), '\n');

    expect(loadKept).toThrow(
      expect.objectContaining({
        faults: [expect.objectContaining({ path: 'data_dir', expected: expect.stringContaining('no usable secret') })],
      }),
    );
  });

  it('leave no trace when a configuration is only checked, or is faulty', () => {
    loadConfig({ path: null, text: text(), environment: {}, secrets: 'throwaway' });
    expect(() => loadConfig({ path: null, text: `${text()}\nserver: { port: x }`, environment: {} })).toThrow(
      ConfigError,
    );

    expect(existsSync(join(directory, 'data'))).toBe(false);
  });

  it('need a directory that can be written, and say so', () => {
    writeFileSync(join(directory, 'data'), 'a file in its place');

    expect(loadKept).toThrow(expect.objectContaining({ faults: [expect.objectContaining({ path: 'data_dir' })] }));
  });

  it('include a local key on a first run without any file', () => {
    const before = process.cwd();
    process.chdir(directory);
    try {
      const first = loadConfig({ path: null, environment: {} });
      const second = loadConfig({ path: null, environment: {} });
      const keys = KeyRing.of(second.config.keys, second.config.security.pepper);

      expect(first.localKey).toMatch(/^sk-switchyard-local-[\w-]{40,}$/);
      expect(second.localKey).toBe(first.localKey);
      expect(keys.authenticate({ authorization: `Bearer ${String(first.localKey)}`, apiKey: undefined }).keyId).toBe(
        'local',
      );
      expect(readFileSync(join(directory, 'data', 'local-key'), 'utf8').trim()).toBe(first.localKey);
    } finally {
      process.chdir(before);
    }
    expect(loadKept().localKey).toBeNull();
  });
});

describe('workers', () => {
  it.each([
    ['auto without Redis is one', '', 1],
    ['auto with Redis is one per core', 'redis: { url: "redis://127.0.0.1" }', 4],
    ['a number is taken as it is', 'server: { workers: 3 }', 3],
    ['zero means one process for everything', 'server: { workers: 0 }', 0],
  ])('%s', (_case, text, workers) => {
    expect(load(`${OWN_MODEL}${text}`).config.server.workers).toBe(workers);
  });
});
