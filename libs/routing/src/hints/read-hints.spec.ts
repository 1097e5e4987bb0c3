import { GatewayError } from '@switchyard/contract';
import type { JsonObject, PolicyRules, Protocol, RoutingHints } from '@switchyard/contract';
import { isHintKey } from './hint-keys.js';
import { readHints } from './read-hints.js';

function read(body: JsonObject, context: { sessionIdHeader?: string; maxModels?: number; protocol?: Protocol } = {}) {
  return readHints(body, { sessionIdHeader: null, maxModels: 8, protocol: 'chat', ...context });
}

function faultOf(body: JsonObject, context = {}): GatewayError {
  try {
    read(body, context);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

describe('readHints', () => {
  it('gives no rules and no hints for a body without any', () => {
    expect(read({ model: 'a/b', messages: [], temperature: 1 })).toEqual<RoutingHints>({
      rules: {},
      models: [],
      serviceTier: null,
      sessionId: null,
      providerConfigs: null,
      warnings: [],
    });
  });

  describe('reads each field in its flat and in its nested form (G3)', () => {
    const fields: readonly (readonly [string, JsonObject, JsonObject, PolicyRules])[] = [
      [
        'order',
        { provider_order: ['Groq', ' deepinfra/turbo '] },
        { order: ['Groq', 'deepinfra/turbo'] },
        { order: ['Groq', 'deepinfra/turbo'] },
      ],
      ['only', { provider_only: ['groq'] }, { only: ['groq'] }, { only: ['groq'] }],
      ['ignore', { provider_ignore: ['groq'] }, { ignore: ['groq'] }, { ignore: ['groq'] }],
      ['sort', { provider_sort: 'latency' }, { sort: 'latency' }, { sort: 'latency' }],
      ['sort exacto', { provider_sort: 'exacto' }, { sort: { by: 'exacto' } }, { sort: 'exacto' }],
      [
        'partition',
        { provider_sort: 'price', provider_sort_partition: 'none' },
        { sort: { by: 'price', partition: 'none' } },
        { sort: 'price', partition: 'none' },
      ],
      [
        'data_collection',
        { provider_data_collection: 'deny' },
        { data_collection: 'deny' },
        { dataCollection: 'deny' },
      ],
      ['zdr', { provider_zdr: true }, { zdr: true }, { zdr: true }],
      [
        'distillable',
        { provider_enforce_distillable_text: true },
        { enforce_distillable_text: true },
        { enforceDistillableText: true },
      ],
      [
        'require_parameters',
        { provider_require_parameters: true },
        { require_parameters: true },
        { requireParameters: true },
      ],
      [
        'quantizations',
        { provider_quantizations: ['fp8', 'unknown'] },
        { quantizations: ['fp8', 'unknown'] },
        { quantizations: ['fp8', 'unknown'] },
      ],
      [
        'max_price.prompt',
        { provider_max_prompt_price: 1.5 },
        { max_price: { prompt: 1.5 } },
        { maxPrice: { prompt: 1.5 } },
      ],
      [
        'max_price.completion',
        { provider_max_completion_price: '2.50' },
        { max_price: { completion: '2.50' } },
        { maxPrice: { completion: 2.5 } },
      ],
      [
        'max_price.request',
        { provider_max_request_price: 0 },
        { max_price: { request: 0 } },
        { maxPrice: { request: 0 } },
      ],
      [
        'max_price.image',
        { provider_max_image_price: 0.01 },
        { max_price: { image: 0.01 } },
        { maxPrice: { image: 0.01 } },
      ],
      [
        'max_price.audio',
        { provider_max_audio_price: 0.01 },
        { max_price: { audio: 0.01 } },
        { maxPrice: { audio: 0.01 } },
      ],
      ['allow_fallbacks', { provider_allow_fallbacks: false }, { allow_fallbacks: false }, { allowFallbacks: false }],
      [
        'throughput',
        { provider_preferred_min_throughput: 50 },
        { preferred_min_throughput: 50 },
        { preferredMinThroughput: { p50: 50 } },
      ],
      [
        'latency',
        { provider_preferred_max_latency: { p90: 2, p50: 1 } },
        { preferred_max_latency: { p50: 1, p90: 2 } },
        { preferredMaxLatency: { p50: 1, p90: 2 } },
      ],
      ['sticky', { provider_sticky: false }, { sticky: false }, { sticky: false }],
    ];

    it.each(fields)('%s', (_name, flat, nested, rules) => {
      for (const protocol of ['chat', 'messages'] as const) {
        expect(read(flat, { protocol }).rules).toEqual(rules);
        expect(read({ provider: nested }, { protocol }).rules).toEqual(rules);
        expect(read({ ...flat, provider: nested }, { protocol }).rules).toEqual(rules);
      }
    });

    it('combines different fields of both forms', () => {
      expect(read({ provider_zdr: true, provider: { only: ['groq'] } }).rules).toEqual({ zdr: true, only: ['groq'] });
    });
  });

  describe('takes empty values for unset (G10)', () => {
    it.each<[string, JsonObject]>([
      ['order []', { provider_order: [] }],
      ['ignore []', { provider_ignore: [] }],
      ['quantizations []', { provider_quantizations: [] }],
      ['quantizations null', { provider_quantizations: null }],
      ['models []', { models: [] }],
      ['models null', { models: null }],
      ['fallbacks []', { fallbacks: [] }],
      ['sort empty', { provider_sort: '' }],
      ['partition empty', { provider_sort_partition: '' }],
      ['data_collection empty', { provider_data_collection: '' }],
      ['route empty', { route: '' }],
      ['require_parameters false', { provider_require_parameters: false }],
      ['zdr false', { provider_zdr: false }],
      ['zdr null', { provider_zdr: null }],
      ['only null', { provider_only: null }],
      ['price null', { provider_max_prompt_price: null }],
      ['provider null', { provider: null }],
      ['provider empty', { provider: {} }],
      ['nested null', { provider: { order: null, sort: null, max_price: null } }],
      ['sort object of nulls', { provider: { sort: { by: null, partition: null } } }],
      ['provider_configs empty', { provider_configs: {} }],
    ])('%s', (_name, body) => {
      expect(read(body)).toEqual(read({}));
    });

    it('refuses an empty allowlist, flat or nested, since it could mean anyone or no one', () => {
      expect(faultOf({ provider_only: [] }).details.param).toBe('provider_only');
      expect(faultOf({ provider: { only: [] } }).details.param).toBe('provider.only');
    });

    it('does not let an unset field contradict a set one', () => {
      const body = {
        provider_require_parameters: false,
        provider_sort: '',
        provider: { require_parameters: true, sort: 'price' },
      };
      expect(read(body).rules).toEqual({ requireParameters: true, sort: 'price' });
    });
  });

  describe('refuses what it does not know, naming the nearest known key (G15)', () => {
    it.each([
      ['provider_onyl', 'provider_only'],
      ['provider_odrer', 'provider_order'],
      ['provider_require_parameter', 'provider_require_parameters'],
      ['provider_max_price', 'provider_max_image_price'],
      ['Provider_Zdr', 'provider_zdr'],
      ['provider-only', 'provider_only'],
      ['provider_config', 'provider_configs'],
    ])('%s', (key, nearest) => {
      const fault = faultOf({ [key]: ['groq'] });
      expect(fault.code).toBe('invalid_request');
      expect(fault.details.param).toBe(key);
      expect(fault.message).toContain(key);
      expect(fault.message).toContain(`did you mean ${nearest}?`);
    });

    it.each([
      [{ provider: { onyl: ['a'] } }, 'provider.onyl', 'provider.only'],
      [{ provider: { Require_Parameters: true } }, 'provider.Require_Parameters', 'provider.require_parameters'],
      [{ provider: { max_price: { promt: 1 } } }, 'provider.max_price.promt', 'provider.max_price.prompt'],
      [{ provider: { sort: { bye: 'price' } } }, 'provider.sort.bye', 'provider.sort.by'],
      [{ provider: JSON.parse('{"__proto__": 1}') as JsonObject }, 'provider.__proto__', 'provider.'],
    ] as const)('%j', (body, param, nearest) => {
      const fault = faultOf(body);
      expect(fault.details.param).toBe(param);
      expect(fault.message).toContain(`did you mean ${nearest}`);
    });

    it('leaves other unknown top-level fields alone', () => {
      expect(read({ providerOptions: {}, only: ['groq'], plugins: [] })).toEqual(read({}));
    });
  });

  describe('refuses a key sent in both forms with different values', () => {
    it.each<[string, JsonObject]>([
      ['zdr', { provider_zdr: false, provider: { zdr: true } }],
      ['order', { provider_order: ['a', 'b'], provider: { order: ['b', 'a'] } }],
      ['price', { provider_max_prompt_price: 1, provider: { max_price: { prompt: 2 } } }],
      ['sort', { provider_sort: 'price', provider: { sort: { by: 'latency' } } }],
      ['partition', { provider_sort_partition: 'none', provider: { sort: { by: 'price', partition: 'model' } } }],
      ['route', { route: 'sort', provider_sort_partition: 'model' }],
    ])('%s', (_name, body) => {
      expect(faultOf(body).message).toContain('contradicts');
    });

    it('compares what the values mean', () => {
      const body = {
        provider_max_prompt_price: '1.0',
        provider_order: ['GROQ'],
        provider_preferred_max_latency: 2,
        provider: { max_price: { prompt: 1 }, order: ['groq '], preferred_max_latency: { p50: 2, p90: null } },
      };
      expect(read(body).rules.maxPrice).toEqual({ prompt: 1 });
    });
  });

  describe('names the field and what it takes when a value is wrong', () => {
    it.each<[JsonObject, string, string]>([
      [{ provider_sort: 'cheapest' }, 'provider_sort', 'price, throughput, latency, exacto'],
      [{ provider: { sort: { by: 'cheapest' } } }, 'provider.sort.by', 'price, throughput'],
      [{ provider: { sort: { by: { by: 'price' } } } }, 'provider.sort.by', 'price, throughput'],
      [{ provider_sort_partition: 'all' }, 'provider_sort_partition', 'model, none'],
      [{ provider_data_collection: 'never' }, 'provider_data_collection', 'allow, deny'],
      [{ provider_quantizations: ['fp7'] }, 'provider_quantizations', 'int4, int8'],
      [{ provider_quantizations: 'fp8' }, 'provider_quantizations', 'list'],
      [{ provider_zdr: 'true' }, 'provider_zdr', 'true or false'],
      [{ provider_zdr: '' }, 'provider_zdr', 'true or false'],
      [{ provider_require_parameters: 1 }, 'provider_require_parameters', 'true or false'],
      [{ provider_order: 'groq' }, 'provider_order', 'list'],
      [{ provider_only: '' }, 'provider_only', 'list'],
      [{ provider_order: [1] }, 'provider_order', 'strings'],
      [{ provider_ignore: ['groq', ' '] }, 'provider_ignore', 'empty slug'],
      [{ provider_only: ['x'.repeat(129)] }, 'provider_only', '128'],
      [{ provider_max_prompt_price: -1 }, 'provider_max_prompt_price', 'at least 0'],
      [{ provider_max_prompt_price: 'cheap' }, 'provider_max_prompt_price', 'number'],
      [{ provider_max_prompt_price: '-1' }, 'provider_max_prompt_price', 'number'],
      [{ provider_max_prompt_price: 'NaN' }, 'provider_max_prompt_price', 'number'],
      [{ provider_max_prompt_price: JSON.parse('1e999') as number }, 'provider_max_prompt_price', 'finite'],
      [{ provider_max_prompt_price: '' }, 'provider_max_prompt_price', 'number'],
      [{ provider: { max_price: 3 } }, 'provider.max_price', 'object'],
      [{ provider: { max_price: { prompt: [] } } }, 'provider.max_price.prompt', 'number'],
      [{ provider_preferred_min_throughput: { p95: 1 } }, 'provider_preferred_min_throughput', 'p50, p75, p90, p99'],
      [{ provider_preferred_max_latency: -1 }, 'provider_preferred_max_latency', 'at least 0'],
      [{ provider: ['groq'] }, 'provider', 'object'],
      [{ provider: 'groq' }, 'provider', 'object'],
      [{ models: 'a/b' }, 'models', 'list'],
      [{ models: [''] }, 'models', 'empty'],
      [{ models: [{ model: 'a' }] }, 'models', 'strings'],
      [{ route: 'fastest' }, 'route', 'fallback, sort'],
      [{ session_id: 7 }, 'session_id', 'string'],
      [{ session_id: 'x'.repeat(257) }, 'session_id', '256'],
      [{ provider_configs: ['openai'] }, 'provider_configs', 'object'],
    ])('%j', (body, param, says) => {
      const fault = faultOf(body);
      expect(fault.code).toBe('invalid_request');
      expect(fault.details.param).toBe(param);
      expect(fault.message.startsWith(param)).toBe(true);
      expect(fault.message).toContain(says);
    });
  });

  describe('fallback models (G9)', () => {
    it('lists models without the model itself and without repetitions', () => {
      expect(read({ model: 'a/a', models: ['a/a', 'b/b', 'c/c', 'b/b'] }).models).toEqual(['b/b', 'c/c']);
    });

    it('keeps all models when there is no model', () => {
      expect(read({ models: ['a/a', 'b/b'] }).models).toEqual(['a/a', 'b/b']);
    });

    it('takes as many models as configured, and says how many that is when there are more', () => {
      const models = Array.from({ length: 9 }, (_, index) => `a/m${index}`);
      expect(read({ models: models.slice(1) }).models).toHaveLength(8);
      expect(faultOf({ models }).message).toBe('models: may name at most 8 models, this one names 9');
      expect(read({ models }, { maxModels: 9 }).models).toHaveLength(9);
      expect(faultOf({ fallbacks: models.map((model) => ({ model })) }).message).toContain('at most 8');
    });

    it('takes fallbacks for models', () => {
      expect(read({ model: 'a/a', fallbacks: [{ model: 'b/b' }] }, { protocol: 'messages' }).models).toEqual(['b/b']);
    });

    it.each<[JsonObject, string]>([
      [{ fallbacks: [{ model: 'b/b' }], models: ['c/c'] }, 'fallbacks'],
      [{ fallbacks: [{ model: 'b/b', max_tokens: 1 }] }, 'fallbacks.0.max_tokens'],
      [{ fallbacks: [{ model: 'b/b' }, 'c/c'] }, 'fallbacks.1'],
      [{ fallbacks: [{ model: '' }] }, 'fallbacks.0.model'],
      [{ fallbacks: [{}] }, 'fallbacks.0.model'],
    ])('refuses %j', (body, param) => {
      expect(faultOf(body).details.param).toBe(param);
    });
  });

  it('takes the legacy route for a partition', () => {
    expect(read({ route: 'fallback' }).rules).toEqual({ partition: 'model' });
    expect(read({ route: 'sort' }).rules).toEqual({ partition: 'none' });
  });

  it('prefers the session of the body to the one of the header', () => {
    expect(read({ session_id: 'body' }, { sessionIdHeader: 'header' }).sessionId).toBe('body');
    expect(read({}, { sessionIdHeader: 'header' }).sessionId).toBe('header');
    expect(read({ session_id: '' }, { sessionIdHeader: 'header' }).sessionId).toBe('header');
    expect(read({ session_id: 'x'.repeat(256) }).sessionId).toHaveLength(256);
    expect(faultOf({}, { sessionIdHeader: 'x'.repeat(257) }).details.param).toBe('x-session-id');
  });

  it.each(['api_base', 'base_url', 'api_key', 'extra_headers', 'organization'])(
    'refuses %s, which would redirect the request (G21)',
    (key) => {
      expect(faultOf({ [key]: null }).details.param).toBe(key);
      expect(faultOf({ [key]: 'x' }).code).toBe('invalid_request');
    },
  );

  it('hands on provider_configs that have entries, unread', () => {
    expect(read({ provider_configs: { openai: {} } }).providerConfigs).toEqual({ openai: {} });
    expect(read({ provider_configs: {} }).providerConfigs).toBeNull();
    expect(read({ provider_configs: null }).providerConfigs).toBeNull();
  });

  it('hands on the service tier as sent', () => {
    expect(read({ service_tier: 'flex' }).serviceTier).toBe('flex');
    expect(read({ service_tier: '' }).serviceTier).toBeNull();
  });

  describe('warns of caps that look like a price per token (G19)', () => {
    it.each([
      [0.000002, 1],
      [0.0009, 1],
      [0.001, 0],
      [0, 0],
      [1, 0],
    ])('a cap of %d', (cap, count) => {
      expect(read({ provider_max_prompt_price: cap }).warnings).toHaveLength(count);
      expect(read({ provider: { max_price: { completion: cap } } }).warnings).toHaveLength(count);
    });

    it('says nothing of prices per request or image, which may be small', () => {
      expect(read({ provider_max_request_price: 0.0001, provider_max_image_price: 0.0001 }).warnings).toEqual([]);
    });
  });
});

describe('isHintKey', () => {
  it.each([
    'provider',
    'provider_only',
    'provider_configs',
    'provider_sort_partition',
    'models',
    'fallbacks',
    'route',
    'session_id',
  ])('keeps %s from upstreams', (key) => expect(isHintKey(key)).toBe(true));

  it.each(['model', 'messages', 'service_tier', 'user', 'metadata', 'provider_', 'toString', '__proto__'])(
    'lets %s through',
    (key) => expect(isHintKey(key)).toBe(false),
  );
});
