import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { parse } from 'yaml';
import type { Price } from '@switchyard/contract';
import { buildSnapshot, ModelEntry, ProviderEntry } from './index.js';

interface CatalogueFile {
  readonly providers?: object[];
  readonly models?: object[];
}

const FOLDER = join(import.meta.dirname, '../../../config/catalog');
const STRICT = { whitelist: true, forbidNonWhitelisted: true };

/** Words that `supported_parameters` is made of: https://openrouter.ai/docs/api-reference/parameters */
const PARAMETERS = new Set(
  (
    'temperature top_p top_k min_p top_a frequency_penalty presence_penalty repetition_penalty max_tokens ' +
    'max_completion_tokens logit_bias logprobs top_logprobs prediction seed response_format structured_outputs stop ' +
    'tools tool_choice parallel_tool_calls include_reasoning reasoning reasoning_effort web_search_options verbosity'
  ).split(' '),
);

const files = readdirSync(FOLDER)
  .sort()
  .map((name) => {
    const content = parse(readFileSync(join(FOLDER, name), 'utf8')) as CatalogueFile;
    return {
      name,
      keys: Object.keys(content),
      providers: plainToInstance(ProviderEntry, content.providers ?? []),
      models: plainToInstance(ModelEntry, content.models ?? []),
    };
  });
const providers = files.flatMap((file) => file.providers);
const models = files.flatMap((file) => file.models);
const endpoints = models.flatMap((model) => model.endpoints ?? []);
const { snapshot, faults, notices } = buildSnapshot({ providers, models });

function priceOf(model: string, tag: string): Price | undefined {
  return snapshot.resolve(model)?.model.endpoints.find((endpoint) => endpoint.tag === tag)?.price;
}

describe('the files of the built-in catalogue', () => {
  it.each(files.map((file) => [file.name, file] as const))('%s is valid', (_name, file) => {
    const errors = [...file.providers, ...file.models].flatMap((entry) => validateSync(entry, STRICT));
    expect(errors.map((error) => error.toString())).toEqual([]);
    expect(['providers', 'models']).toEqual(expect.arrayContaining(file.keys));
  });

  it.each(providers.map((provider) => [provider.id] as const))('%s has a file of its own', (id) => {
    expect(files.find((file) => file.name === `${id}.yaml`)?.providers.map((provider) => provider.id)).toEqual([id]);
  });

  it('hold no secret', () => {
    expect(providers.filter((provider) => provider.credentials !== undefined)).toEqual([]);
  });

  it('state the source of every provider, policy and endpoint, and the date of every price', () => {
    const isLink = (source: string | undefined): boolean => /^https:\/\/\S+/.test(source ?? '');
    expect(providers.filter((provider) => !isLink(provider.source))).toEqual([]);
    expect(providers.filter(({ data_policy: policy }) => policy !== undefined && !isLink(policy.source))).toEqual([]);
    expect(endpoints.filter((entry) => !isLink(entry.source) || entry.facts_as_of === undefined)).toEqual([]);
  });

  it('promise zero data retention for nobody, because it is always an agreement of one account', () => {
    expect(providers.filter((provider) => provider.data_policy?.zdr === true)).toEqual([]);
  });

  it('promise nothing about data at single endpoints, which would outlive a change of address', () => {
    expect(endpoints.filter((entry) => entry.data_policy !== undefined)).toEqual([]);
  });

  it('use the known words for parameters', () => {
    const words = endpoints.flatMap((entry) => entry.supported_parameters ?? []);
    expect(words.filter((word) => !PARAMETERS.has(word))).toEqual([]);
    expect(endpoints.filter((entry) => !entry.supported_parameters?.includes('max_tokens'))).toEqual([]);
  });

  it('have both prices that routing needs at every endpoint', () => {
    expect(endpoints.filter(({ price }) => price?.prompt === undefined || price.completion === undefined)).toEqual([]);
  });
});

describe('the built-in catalogue', () => {
  it('has no faults', () => {
    expect(faults).toEqual([]);
  });

  it('says what it leaves out', () => {
    expect(notices).toEqual([
      expect.stringMatching(/does not speak bedrock-converse yet: amazon-bedrock \(4 endpoints\)/),
      expect.stringMatching(
        /base_url says where the account is: azure \(9 endpoints\), azure-anthropic \(6 endpoints\)/,
      ),
      expect.stringMatching(
        /does not speak openai-responses yet: bedrock-mantle-openai \(3 endpoints\), openai-responses/,
      ),
      expect.stringMatching(/does not speak gemini yet: google-vertex \(11 endpoints\)/),
    ]);
  });

  it.each([
    ['claude-sonnet-4.5', 'anthropic/claude-sonnet-4.5'],
    ['claude-sonnet-4-5', 'anthropic/claude-sonnet-4.5'],
    ['claude-sonnet-4-5-20250929', 'anthropic/claude-sonnet-4.5'],
    ['claude-sonnet-4-6', 'anthropic/claude-sonnet-4.6'],
    ['claude-opus-4-7', 'anthropic/claude-opus-4.7'],
    ['claude-opus-4-8', 'anthropic/claude-opus-4.8'],
    ['claude-haiku-4-5-20251001', 'anthropic/claude-haiku-4.5'],
    ['gpt-4o-mini', 'openai/gpt-4o-mini'],
    ['anthropic/claude-opus-4.8', 'anthropic/claude-opus-4.8'],
    ['anthropic/claude-opus-4.6', 'anthropic/claude-opus-4.6'],
    ['anthropic/claude-sonnet-4.6', 'anthropic/claude-sonnet-4.6'],
    ['anthropic/claude-haiku-4.5', 'anthropic/claude-haiku-4.5'],
    ['google/gemini-3.5-flash', 'google/gemini-3.5-flash'],
    ['google/gemini-3.1-pro-preview', 'google/gemini-3.1-pro-preview'],
    ['google/gemini-3.1-flash-lite', 'google/gemini-3.1-flash-lite'],
    ['google/gemini-3-flash-preview', 'google/gemini-3-flash-preview'],
    ['openai/gpt-5.5-pro', 'openai/gpt-5.5-pro'],
    ['openai/gpt-5.5', 'openai/gpt-5.5'],
    ['openai/gpt-5.4', 'openai/gpt-5.4'],
    ['moonshotai/kimi-k2.6', 'moonshotai/kimi-k2.6'],
    ['moonshotai/kimi-k2.5', 'moonshotai/kimi-k2.5'],
    ['minimax/minimax-m2.5', 'minimax/minimax-m2.5'],
    ['qwen/qwen3.6-plus', 'qwen/qwen3.6-plus'],
  ])('serves %s', (id, model) => {
    expect(snapshot.resolve(id)?.model.id).toBe(model);
    expect(snapshot.resolve(id)?.model.endpoints).not.toEqual([]);
  });

  it.each([
    'anthropic',
    'openai',
    'google',
    'azure',
    'amazon-bedrock',
    'google-vertex',
    'moonshotai',
    'minimax',
    'alibaba',
    'deepseek',
    'zai',
    'xai',
    'mistral',
    'fireworks',
    'together',
    'deepinfra',
    'novita',
    'baseten',
    'groq',
    'cerebras',
    'openrouter',
  ])('declares %s', (id) => {
    expect(providers.map((provider) => provider.id)).toContain(id);
  });

  it.each([
    ['fireworks-ai', 'fireworks'],
    ['togetherai', 'together'],
    ['novita-ai', 'novita'],
    ['Z-AI', 'zai'],
    ['google-ai-studio', 'google'],
    ['Amazon-Bedrock', 'bedrock-mantle-anthropic'],
  ])('knows %s as well', (slug, id) => {
    expect(snapshot.findProvider(slug)?.id).toBe(id);
  });

  it.each<[string, string, Partial<Price>]>([
    [
      'anthropic/claude-opus-4.8',
      'anthropic',
      {
        prompt: 5_000_000,
        completion: 25_000_000,
        cacheRead: 500_000,
        cacheWrite: 6_250_000,
        cacheWrite1h: 10_000_000,
      },
    ],
    [
      'anthropic/claude-sonnet-4.5',
      'anthropic',
      { prompt: 3_000_000, completion: 15_000_000, cacheRead: 300_000, cacheWrite: 3_750_000, cacheWrite1h: null },
    ],
    ['openai/gpt-4o-mini', 'openai', { prompt: 150_000, completion: 600_000, cacheRead: 75_000, cacheWrite: null }],
    ['deepseek/deepseek-v4-pro', 'deepseek', { prompt: 435_000, completion: 870_000, cacheRead: 3_625 }],
    ['google/gemini-3.5-flash', 'openrouter', { prompt: 1_500_000, cacheWrite: 83_333, reasoning: 9_000_000 }],
    ['openai/gpt-oss-120b', 'deepinfra', { prompt: 39_000, completion: 190_000, cacheRead: null }],
    ['qwen/qwen3.6-plus', 'openrouter', { prompt: 325_000, completion: 1_950_000, cacheWrite: 406_250 }],
    ['z-ai/glm-5.1', 'zai', { prompt: 1_400_000, completion: 4_400_000, cacheRead: 260_000, cacheWrite: 0 }],
  ])('has the price of %s at %s to the pico-dollar', (model, tag, price) => {
    expect(priceOf(model, tag)).toMatchObject(price);
  });

  it('has the tiers of long prompts', () => {
    const endpoint = snapshot.resolve('gpt-5.5')?.model.endpoints.find(({ tag }) => tag === 'openai');
    expect(endpoint?.priceTiers).toEqual([
      { abovePromptTokens: 272_000, price: { prompt: 10_000_000, completion: 45_000_000, cacheRead: 1_000_000 } },
    ]);
  });

  it('knows which models take no sampling, which think how, and which refuse a prefill', () => {
    const traitsOf = (id: string) => snapshot.resolve(id)?.model.traits;
    expect(traitsOf('claude-opus-4.8')).toMatchObject({
      thinking: 'both',
      sampling: false,
      prefill: false,
      midSystem: true,
    });
    expect(traitsOf('claude-sonnet-4.5')).toEqual({ thinking: 'budget' });
    expect(traitsOf('gpt-5.5')).toMatchObject({
      maxCompletionTokens: true,
      developerRole: true,
      toolsWithReasoning: false,
    });
    expect(traitsOf('gpt-4o-mini')).toEqual({ efforts: [] });
  });

  it('counts the policy of a host that states none as unknown', () => {
    expect(snapshot.findProvider('deepinfra')?.dataPolicy).toMatchObject({ trains: null, retains: null, zdr: null });
    expect(snapshot.findProvider('openai')?.dataPolicy).toMatchObject({
      trains: false,
      retains: true,
      retentionDays: 30,
    });
  });

  it('offers sampling only where the model takes it', () => {
    const noSampling = snapshot.models.filter((model) => model.traits.sampling === false);
    const offered = noSampling.flatMap((model) =>
      model.endpoints.filter((entry) => entry.supportedParameters?.has('temperature')),
    );
    expect(noSampling).not.toEqual([]);
    expect(offered.map((endpoint) => `${endpoint.modelId} ${endpoint.tag}`)).toEqual([]);
  });
});
