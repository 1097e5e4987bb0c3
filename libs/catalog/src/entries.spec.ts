import { plainToInstance, type ClassConstructor } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { ModelEntry, ProviderEntry } from './index.js';

const STRICT = { whitelist: true, forbidNonWhitelisted: true };

const provider = {
  id: 'deepinfra',
  name: 'DeepInfra',
  aliases: ['deep-infra'],
  dialect: 'openai-chat',
  base_url: 'http://127.0.0.1:9101/v1',
  own_base_url: false,
  credentials: [{ id: 'main', api_key: 'key', weight: 1 }],
  credential_env: 'DEEPINFRA_API_KEY',
  needs_credential: true,
  data_policy: { trains: false, retains: false, zdr: true, retention_days: 0, regions: ['us'], source: 'its page' },
  profile: 'deepinfra',
  timeouts: { connect_s: 0.5, headers_s: 30, first_event_s: 60, idle_s: 60, total_s: 900 },
  headers: { 'x-team': 'blue' },
  source: 'its page',
};

const endpoint = {
  provider: 'deepinfra',
  tag: 'deepinfra/turbo',
  upstream_model: 'acme-m1-turbo',
  quantization: 'fp8',
  price: {
    prompt: 0.1,
    completion: '0.3',
    cache_read: 0.02,
    cache_write: 0.12,
    cache_write_1h: 0.2,
    image: 0,
    request: 0,
  },
  price_tiers: [{ above_prompt_tokens: 200000, prompt: 0.2, completion: 0.6 }],
  supported_parameters: ['tools', 'tool_choice', 'response_format', 'seed', 'max_tokens'],
  service_tier: 'flex',
  variant: 'free',
  data_policy: { zdr: true },
  prior: { throughput: 80, latency: 0.6 },
  context_length: 8192,
  max_output_tokens: 4096,
  modalities: { input: ['text'], output: ['text'] },
  cache_ttl_s: 300,
  facts_as_of: '2026-07-02',
  source: 'its page',
};

const model = {
  id: 'acme/m1',
  name: 'M1',
  description: 'The first.',
  created: '2026-01-01',
  aliases: ['m1', 'acme-m1-20260101', 'm1:8b'],
  distillable: true,
  context_length: 131072,
  max_output_tokens: 16384,
  modalities: { input: ['text', 'image'], output: ['text'] },
  traits: { thinking: 'both', efforts: ['low', 'high'], sampling: false, prefill: false },
  endpoints: [endpoint],
};

/** Every broken rule as `path: message`. */
function broken<Entry extends object>(entry: ClassConstructor<Entry>, plain: object): string[] {
  return validateSync(plainToInstance(entry, plain), STRICT).flatMap((error) => flatten(error, ''));
}

function flatten(error: ValidationError, parent: string): string[] {
  const path = parent === '' ? error.property : `${parent}.${error.property}`;
  const own = Object.values(error.constraints ?? {}).map((message) => `${path}: ${message}`);
  return [...own, ...(error.children ?? []).flatMap((child) => flatten(child, path))];
}

/** The plain entry with one member set at a dotted path. */
function withMember(plain: object, path: string, value: unknown): object {
  const copy = structuredClone(plain) as Record<string, unknown>;
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let holder = copy;
  for (const key of keys) holder = holder[key] as Record<string, unknown>;
  holder[last] = value;
  return copy;
}

describe('ProviderEntry', () => {
  it('takes every key that is documented', () => {
    expect(broken(ProviderEntry, provider)).toEqual([]);
  });

  it('takes an entry of an id alone, which may override a built-in one', () => {
    expect(broken(ProviderEntry, { id: 'openai' })).toEqual([]);
  });

  it.each([
    ['id', undefined, 'id: a slug'],
    ['id', 'Deep Infra', 'id: a slug'],
    ['name', 7, 'name: a display name'],
    ['aliases', ['Deep Infra'], 'aliases: a slug'],
    [
      'dialect',
      'openai',
      'dialect: one of anthropic-messages, openai-chat, openai-responses, gemini, bedrock-converse',
    ],
    ['base_url', 'api.deepinfra.com', 'base_url: an absolute http or https URL'],
    ['base_url', 'file:///etc/passwd', 'base_url: an absolute http or https URL'],
    ['base_url', 'https://user:password@host/v1', 'base_url: an absolute http or https URL'],
    ['base_url', 'https://host/v1?key=1', 'base_url: an absolute http or https URL'],
    ['credentials', 'key', 'credentials: a list of credentials'],
    ['credentials.0.id', '', 'credentials.0.id: 1 to 64 characters'],
    ['credentials.0.api_key', 5, 'credentials.0.api_key: the API key as a string'],
    ['credentials.0.api_key', 'line\nbreak', 'credentials.0.api_key: printable ASCII'],
    ['credentials.0.weight', 0, 'credentials.0.weight: a number above 0'],
    ['credential_env', 'deepinfra key', 'credential_env: the name of an environment variable'],
    ['needs_credential', 'yes', 'needs_credential: true or false'],
    ['data_policy.zdr', 'yes', 'data_policy.zdr: true, false, or absent when unknown'],
    ['data_policy.retention_days', -1, 'data_policy.retention_days: a number of days, 0 or more'],
    ['data_policy.regions', 'us', 'data_policy.regions: a list of region codes'],
    ['data_policy', true, 'data_policy: a map of trains'],
    ['timeouts.connect_s', 0, 'timeouts.connect_s: a number of seconds above 0'],
    ['headers', { 'x team': 'blue' }, 'headers: a map of HTTP header names'],
    ['headers', { 'x-team': 'blue\r\nx-evil: 1' }, 'headers: a map of HTTP header names'],
    ['base_urll', 'https://host', 'base_urll: property base_urll should not exist'],
    ['data_policy.zdrr', true, 'data_policy.zdrr: property zdrr should not exist'],
  ])('says what was expected of %s instead of %p', (path, value, expected) => {
    expect(broken(ProviderEntry, withMember(provider, path, value))).toContainEqual(expect.stringContaining(expected));
  });
});

describe('ModelEntry', () => {
  it('takes every key that is documented', () => {
    expect(broken(ModelEntry, model)).toEqual([]);
  });

  it('takes null for what is not known', () => {
    const unknown = { ...endpoint, quantization: null, price: { prompt: null }, supported_parameters: null, prior: {} };
    expect(broken(ModelEntry, { ...model, distillable: null, endpoints: [unknown] })).toEqual([]);
  });

  it.each([
    ['id', 'm1', 'id: author/name'],
    ['id', 'acme/m1:free', 'id: author/name'],
    ['created', 'yesterday', 'created: a date such as'],
    ['aliases', ['two words'], 'aliases: ids without spaces'],
    ['distillable', 'yes', 'distillable: true, false, or absent'],
    ['context_length', 0, 'context_length: a whole number of tokens, at least 1'],
    ['max_output_tokens', 1.5, 'max_output_tokens: a whole number of tokens'],
    ['modalities.input', ['text', 'smell'], 'modalities.input: each one of text, image'],
    ['traits.thinking', 'yes', 'traits.thinking: one of none, budget, adaptive, both'],
    ['traits.effort', ['low'], 'traits.effort: property effort should not exist'],
    ['endpoints', {}, 'endpoints: a list of endpoints'],
    ['endpoints.0.provider', undefined, 'endpoints.0.provider: the id of a provider'],
    ['endpoints.0.tag', 'deepinfra/a/b', 'endpoints.0.tag: the provider id'],
    ['endpoints.0.quantization', 'q4', 'endpoints.0.quantization: one of int4'],
    ['endpoints.0.price.prompt', -1, 'endpoints.0.price.prompt: a price in USD, zero or more'],
    ['endpoints.0.price.prompt', 'free', 'endpoints.0.price.prompt: a price in USD, zero or more'],
    ['endpoints.0.price.input', 1, 'endpoints.0.price.input: property input should not exist'],
    ['endpoints.0.price_tiers.0.above_prompt_tokens', '200k', 'above_prompt_tokens: a whole number of tokens'],
    ['endpoints.0.supported_parameters', ['Tools'], 'endpoints.0.supported_parameters: parameter names'],
    ['endpoints.0.service_tier', 'fast', 'endpoints.0.service_tier: one of default, flex, priority'],
    ['endpoints.0.variant', 'nitro', 'endpoints.0.variant: one of free, extended, thinking'],
    ['endpoints.0.prior.latency', -1, 'endpoints.0.prior.latency: seconds to the first token, above 0'],
    ['endpoints.0.cache_ttl_s', 1.5, 'endpoints.0.cache_ttl_s: a whole number of seconds'],
  ])('says what was expected of %s instead of %p', (path, value, expected) => {
    expect(broken(ModelEntry, withMember(model, path, value))).toContainEqual(expect.stringContaining(expected));
  });
});
