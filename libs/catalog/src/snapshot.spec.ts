import fc from 'fast-check';
import type { WrittenEndpoint, WrittenModel, WrittenProvider } from './written.js';
import { buildSnapshot } from './snapshot.js';

const host: WrittenProvider = {
  id: 'deepinfra',
  name: 'DeepInfra',
  dialect: 'openai-chat',
  base_url: 'http://127.0.0.1:9101/v1/',
  credentials: [{ id: 'main', api_key: 'key', weight: 2 }],
  data_policy: { trains: false, retains: true, zdr: false, retention_days: 30, regions: ['US'] },
};

function withEndpoints(...endpoints: WrittenEndpoint[]): WrittenModel {
  return { id: 'acme/m1', context_length: 1000, max_output_tokens: 100, endpoints };
}

function endpointOf(entry: Partial<WrittenEndpoint>, provider: WrittenProvider = host) {
  const { snapshot } = buildSnapshot({
    providers: [provider],
    models: [withEndpoints({ provider: provider.id, ...entry })],
  });
  const endpoint = snapshot.models[0]?.endpoints[0];
  if (endpoint === undefined) throw new Error('the endpoint was left out');
  return endpoint;
}

describe('an endpoint of the snapshot', () => {
  it('has defaults for what the entry does not say, and never a price', () => {
    expect(endpointOf({})).toMatchObject({
      tag: 'deepinfra',
      modelId: 'acme/m1',
      upstreamModel: 'acme/m1',
      quantization: null,
      price: { prompt: null, completion: null, cacheRead: null, image: null, request: null, webSearch: null },
      priceTiers: [],
      contextLength: 1000,
      maxOutputTokens: 100,
      modalities: { input: ['text'], output: ['text'] },
      supportedParameters: null,
      serviceTier: 'default',
      variant: null,
      prior: { throughput: null, latency: null },
      cacheTtlS: 300,
      factsAsOf: null,
    });
  });

  it('has exact prices in pico-USD, per token and per unit', () => {
    const { price, priceTiers } = endpointOf({
      price: { prompt: 0.1, completion: '0.3', cache_write_1h: 0.2, image: 0.01, request: 0, web_search: '0.005' },
      price_tiers: [{ above_prompt_tokens: 200_000, prompt: 0.2 }],
    });
    expect(price).toMatchObject({ prompt: 100_000, completion: 300_000, cacheWrite1h: 200_000, cacheRead: null });
    expect(price).toMatchObject({ image: 10_000_000_000, request: 0, webSearch: 5_000_000_000 });
    expect(priceTiers).toEqual([{ abovePromptTokens: 200_000, price: { prompt: 200_000 } }]);
  });

  it('overrides the data policy of its provider field by field', () => {
    expect(endpointOf({ data_policy: { zdr: true } }).dataPolicy).toEqual({
      trains: false,
      retains: true,
      zdr: true,
      retentionDays: 30,
      regions: ['us'],
    });
  });

  it('may say that a field of the policy is not known here', () => {
    expect(endpointOf({ data_policy: { trains: null } }).dataPolicy.trains).toBeNull();
  });

  it('knows nothing of the policy of a host that states none', () => {
    const { data_policy: _policy, ...silent } = host;
    expect(endpointOf({}, silent).dataPolicy).toEqual({
      trains: null,
      retains: null,
      zdr: null,
      retentionDays: null,
      regions: [],
    });
  });
});

describe('a provider of the snapshot', () => {
  it('has an address without a final slash, and time-outs in milliseconds', () => {
    const { snapshot } = buildSnapshot({
      providers: [{ ...host, timeouts: { connect_s: 0.25, total_s: 0.0001 } }],
      models: [],
    });
    expect(snapshot.providers[0]).toMatchObject({
      baseUrl: 'http://127.0.0.1:9101/v1',
      profile: 'deepinfra',
      needsCredential: true,
      timeouts: { connectMs: 250, totalMs: 1 },
    });
  });

  it('may share a name or an alias with others, which policies then mean together', () => {
    const providers: WrittenProvider[] = [
      { ...host, aliases: ['group'] },
      { ...host, id: 'other', aliases: ['group'] },
    ];
    const { snapshot, faults } = buildSnapshot({ providers, models: [] });
    expect(faults).toEqual([]);
    expect(snapshot.providers.map((provider) => provider.aliases)).toEqual([['group'], ['group']]);
    expect(snapshot.findProvider('GROUP')?.id).toBe('deepinfra');
  });

  it('has no credential where the variable of the key is not set', () => {
    const credentials = [
      { id: 'unset', api_key: '' },
      { id: 'blank', api_key: '  ' },
      { id: 'null', api_key: null },
      { id: 'main', api_key: ' key ' },
    ];
    const { snapshot } = buildSnapshot({ providers: [{ ...host, credentials }], models: [] });
    expect(snapshot.providers[0]?.credentials).toEqual([{ id: 'main', apiKey: 'key', weight: 1 }]);
  });
});

describe('faults', () => {
  const provider = (over: Partial<WrittenProvider>): WrittenProvider => ({ ...host, name: over.id ?? 'x', ...over });

  it.each<[string, WrittenProvider[], WrittenModel[], string, string]>([
    [
      'an unknown provider',
      [host],
      [withEndpoints({ provider: 'groq' })],
      'models[0].endpoints[0].provider',
      'the id of a provider',
    ],
    [
      'a provider id used twice',
      [host, provider({ id: 'deepinfra', name: 'Other' })],
      [],
      'providers[1].id',
      'an id that no other provider has',
    ],
    [
      'a credential id used twice',
      [
        provider({
          id: 'b',
          credentials: [
            { id: 'a', api_key: 'x' },
            { id: 'a', api_key: 'y' },
          ],
        }),
      ],
      [],
      'providers[0].credentials[1].id',
      'an id that no other credential',
    ],
    ['a provider without address', [{ id: 'b', dialect: 'openai-chat' }], [], 'providers[0].base_url', 'the base URL'],
    [
      'a provider without dialect',
      [{ id: 'b', base_url: 'http://127.0.0.1:1' }],
      [],
      'providers[0].dialect',
      'one of anthropic-messages',
    ],
    [
      'a model id used twice',
      [],
      [{ id: 'acme/m1' }, { id: 'Acme/M1' }],
      'models[1].id',
      'an id that no other model has',
    ],
    [
      'an alias used twice',
      [],
      [
        { id: 'a/x', aliases: ['m'] },
        { id: 'a/y', aliases: ['M'] },
      ],
      'models[1].aliases[0]',
      'an alias that names no other model',
    ],
    [
      'an alias that is the id of another model',
      [],
      [{ id: 'a/x' }, { id: 'a/y', aliases: ['a/x'] }],
      'models[1].aliases[0]',
      'an alias that names no other model',
    ],
    [
      'a tag used twice',
      [host],
      [withEndpoints({ provider: 'deepinfra' }, { provider: 'deepinfra' })],
      'models[0].endpoints[1].tag',
      'a tag that no other endpoint',
    ],
    [
      'a tag of another provider',
      [host],
      [withEndpoints({ provider: 'deepinfra', tag: 'deepinfra2/turbo' })],
      'models[0].endpoints[0].tag',
      'deepinfra, or deepinfra/ and a name',
    ],
    [
      'tiers out of order',
      [host],
      [withEndpoints({ provider: 'deepinfra', price_tiers: [{ above_prompt_tokens: 5 }, { above_prompt_tokens: 5 }] })],
      'models[0].endpoints[0].price_tiers[1].above_prompt_tokens',
      'more than 5',
    ],
    [
      'a price no safe integer holds',
      [host],
      [withEndpoints({ provider: 'deepinfra', price: { prompt: '1e12' } })],
      'models[0].endpoints[0].price.prompt',
      'at most 9007199254.740991 USD',
    ],
    [
      'a price finer than a pico-USD',
      [host],
      [withEndpoints({ provider: 'deepinfra', price_tiers: [{ above_prompt_tokens: 5, prompt: '0.0000001' }] })],
      'models[0].endpoints[0].price_tiers[0].prompt',
      'at most 6 decimal places',
    ],
  ])('report %s', (_what, providers, models, path, expected) => {
    const { faults } = buildSnapshot({ providers, models });
    expect(faults.map((fault) => [fault.path, fault.expected])).toEqual([[path, expect.stringContaining(expected)]]);
  });

  it('report a provider without address once, not again at its endpoints', () => {
    const models = [withEndpoints({ provider: 'b' })];
    expect(buildSnapshot({ providers: [{ id: 'b', dialect: 'openai-chat' }], models }).faults).toHaveLength(1);
  });

  it('are all listed at once', () => {
    const models = [
      withEndpoints({ provider: 'groq', price: { prompt: '1e12', completion: '1e12' } }),
      { id: 'acme/m1' },
    ];
    expect(buildSnapshot({ providers: [], models }).faults).toHaveLength(4);
  });
});

describe('notices', () => {
  it('name the providers and endpoints left out because their dialect is not spoken yet', () => {
    const providers: WrittenProvider[] = [
      host,
      { id: 'vertex', dialect: 'gemini', base_url: 'https://vertex.example' },
    ];
    const models = [withEndpoints({ provider: 'vertex' }, { provider: 'deepinfra' })];
    const { snapshot, faults, notices } = buildSnapshot({ providers, models });
    expect(faults).toEqual([]);
    expect(notices).toEqual(['Left out because Switchyard does not speak gemini yet: vertex (1 endpoint)']);
    expect(snapshot.models[0]?.endpoints.map((endpoint) => endpoint.tag)).toEqual(['deepinfra']);
    expect(snapshot.findProvider('vertex')).toBeNull();
  });

  it('name the providers that wait for the address of the account', () => {
    const providers: WrittenProvider[] = [{ id: 'azure', dialect: 'openai-chat', own_base_url: true }];
    const { faults, notices } = buildSnapshot({ providers, models: [withEndpoints({ provider: 'azure' })] });
    expect(faults).toEqual([]);
    expect(notices).toEqual(['Left out until base_url says where the account is: azure (1 endpoint)']);
  });
});

describe('the snapshot', () => {
  it('cannot be changed', () => {
    const { snapshot } = buildSnapshot({
      providers: [host],
      models: [withEndpoints({ provider: 'deepinfra', supported_parameters: ['tools'] })],
    });
    expect(unfrozen(snapshot, 'snapshot')).toEqual([]);
  });

  it('takes a version from outside', () => {
    expect(buildSnapshot({ providers: [], models: [], version: '7' }).snapshot.version).toBe('7');
  });
});

describe('the version', () => {
  const base: { provider: WrittenProvider; endpoints: WrittenEndpoint[] } = {
    provider: host,
    endpoints: [
      { provider: 'deepinfra', price: { prompt: 1 }, supported_parameters: ['tools', 'seed'] },
      { provider: 'deepinfra', tag: 'deepinfra/turbo', price: { prompt: 2 } },
    ],
  };
  const other: WrittenModel = { id: 'acme/m2', aliases: ['m2', 'second'] };
  const versionWith = (provider: Partial<WrittenProvider>, endpoint: Partial<WrittenEndpoint> = {}): string => {
    const [first, ...rest] = base.endpoints;
    const model = withEndpoints({ provider: 'deepinfra', ...first, ...endpoint }, ...rest);
    return buildSnapshot({ providers: [{ ...base.provider, ...provider }], models: [model, other] }).snapshot.version;
  };
  const version = versionWith({});

  it('says the same for the same facts in another order', () => {
    const shuffled = fc.record({
      endpoints: fc.shuffledSubarray(base.endpoints, { minLength: base.endpoints.length }),
      parameters: fc.shuffledSubarray(['tools', 'seed'], { minLength: 2 }),
      aliases: fc.shuffledSubarray(['m2', 'second'], { minLength: 2 }),
      otherFirst: fc.boolean(),
    });
    fc.assert(
      fc.property(shuffled, ({ endpoints, parameters, aliases, otherFirst }) => {
        const reordered = endpoints.map((entry) =>
          entry.supported_parameters === undefined ? entry : { ...entry, supported_parameters: parameters },
        );
        const models = [withEndpoints(...reordered), { ...other, aliases }];
        if (otherFirst) models.reverse();
        expect(buildSnapshot({ providers: [host], models }).snapshot.version).toBe(version);
      }),
    );
  });

  it('does not depend on secrets', () => {
    expect(versionWith({ credentials: [{ id: 'other', api_key: 'another', weight: 1 }] })).toBe(version);
    const withHeader = (value: string): string => versionWith({ headers: { 'x-secret': value } });
    expect(withHeader('one')).toBe(withHeader('two'));
  });

  it.each<[string, Partial<WrittenProvider>, Partial<WrittenEndpoint>]>([
    ['the lack of a credential', { credentials: [] }, {}],
    ['a policy', { data_policy: { trains: true } }, {}],
    ['an address', { base_url: 'http://127.0.0.1:9102' }, {}],
    ['an alias', { aliases: ['di'] }, {}],
    ['a header', { headers: { 'x-team': 'blue' } }, {}],
    ['a price', {}, { price: { prompt: '1.000001' } }],
    ['a price of 0 instead of none', {}, { price: { prompt: 1, request: 0 } }],
    ['a tier', {}, { price_tiers: [{ above_prompt_tokens: 5, prompt: 1 }] }],
    ['a parameter', {}, { supported_parameters: ['tools'] }],
    ['parameters that are not stated', {}, { supported_parameters: null }],
    ['a limit', {}, { context_length: 999 }],
    ['a quantization', {}, { quantization: 'fp8' }],
    ['a policy of one endpoint', {}, { data_policy: { zdr: true } }],
  ])('changes with %s', (_what, provider, endpoint) => {
    expect(versionWith(provider, endpoint)).not.toBe(version);
  });
});

/** Paths of everything reachable that is not frozen. */
function unfrozen(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = Object.isFrozen(value) ? [] : [path];
  return [...own, ...Object.entries(value).flatMap(([key, member]) => unfrozen(member, `${path}.${key}`))];
}
