import type { Endpoint, Model, ReasonCode, RequestFacts } from '@switchyard/contract';
import { recheck } from '../planning/recheck.js';
import { endpoint, facts, model, price, provider, PRIVATE, UNKNOWN_POLICY } from '../testing/fixtures.js';
import { merged } from '../testing/plan-for.js';
import type { Layers } from '../testing/plan-for.js';

interface Rule {
  readonly rule: string;
  readonly layers?: Layers;
  readonly facts?: Partial<RequestFacts>;
  readonly endpoint?: Partial<Endpoint>;
  readonly tag?: string;
  readonly model?: Partial<Model>;
  /** `code layer`, empty = allowed. */
  readonly reasons: readonly string[];
  /** Both operands, as the detail must name them. */
  readonly says?: readonly string[];
}

function reasonsOf({
  layers = {},
  facts: wanted = {},
  endpoint: fields = {},
  tag = 'deepinfra/turbo',
  model: about = {},
}: Rule) {
  const target = endpoint(tag, fields);
  return recheck(merged(layers), facts(wanted), model('acme/m1', [target], about), target);
}

const AUDIO: Partial<Endpoint> = { modalities: { input: ['text', 'audio'], output: ['text'] } };

/** A host that a caller chose, under the name of a provider of the catalogue. */
const STRANGER: Partial<Endpoint> = {
  provider: provider('deepinfra', { callers: { scope: 'abc', name: 'deepinfra', ownHost: true } }),
};
/** The provider itself, through an account of the caller's. */
const OWN_ACCOUNT: Partial<Endpoint> = {
  provider: provider('deepinfra', { callers: { scope: 'abc', name: 'deepinfra', ownHost: false } }),
};

const RULES: Readonly<Partial<Record<ReasonCode, readonly Rule[]>>> = {
  model_not_allowed: [
    { rule: 'a glob lets its models through', layers: { key: { models: ['acme/*'] } }, reasons: [] },
    { rule: 'a glob matches without regard to case', layers: { key: { models: ['ACME/M1'] } }, reasons: [] },
    {
      rule: 'a dot in a glob is only a dot',
      layers: { key: { models: ['acme/m.'] } },
      reasons: ['model_not_allowed key'],
    },
    { rule: 'a glob covers the whole id', layers: { key: { models: ['acme/m'] } }, reasons: ['model_not_allowed key'] },
    {
      rule: 'every layer must let a model through',
      layers: { tenant: { models: ['other/*'] }, key: { models: ['*'] } },
      reasons: ['model_not_allowed tenant'],
    },
  ],
  allowed_providers: [
    {
      rule: 'a host that a caller chose does not pass for the provider whose name it has',
      layers: { key: { only: ['deepinfra', 'deepinfra/turbo'] } },
      endpoint: STRANGER,
      reasons: ['allowed_providers key'],
    },
    {
      rule: 'a host that a caller chose is let through by the word for all of them',
      layers: { operator: { only: ['groq', 'BYOK'] }, request: { only: ['deepinfra'] } },
      endpoint: STRANGER,
      reasons: [],
    },
    {
      rule: 'an account of the caller’s at a provider is that provider',
      layers: { key: { only: ['deepinfra'] } },
      endpoint: OWN_ACCOUNT,
      reasons: [],
    },
    {
      rule: 'a base slug matches every endpoint of the provider',
      layers: { key: { only: ['deepinfra'] } },
      reasons: [],
    },
    { rule: 'a tag matches its endpoint', layers: { request: { only: ['deepinfra/turbo'] } }, reasons: [] },
    {
      rule: 'another tag does not',
      layers: { request: { only: ['deepinfra/fp4'] } },
      reasons: ['allowed_providers request'],
      says: ['deepinfra/fp4'],
    },
    {
      rule: 'slugs and display names match without regard to case',
      layers: { request: { only: ['DEEPINFRA'] } },
      reasons: [],
    },
    {
      rule: 'a display name with spaces matches',
      layers: { request: { only: ['moonshot ai'] } },
      endpoint: { provider: provider('moonshotai', { name: 'Moonshot AI' }) },
      reasons: [],
    },
    {
      rule: 'an alias matches like the slug',
      layers: { request: { only: ['di/turbo'] } },
      endpoint: { provider: provider('deepinfra', { aliases: ['di'] }) },
      reasons: [],
    },
    {
      rule: 'a prefix of a slug matches nothing',
      layers: { request: { only: ['deep'] } },
      reasons: ['allowed_providers request'],
    },
    {
      rule: 'all layers must allow, and each says so',
      layers: { tenant: { only: ['groq'] }, key: { only: ['deepinfra'] }, request: { only: ['azure'] } },
      reasons: ['allowed_providers tenant', 'allowed_providers request'],
    },
    { rule: 'an empty allowlist allows nothing', layers: { key: { only: [] } }, reasons: ['allowed_providers key'] },
  ],
  ignored_providers: [
    {
      rule: 'hosts that callers choose can be ignored, all of them',
      layers: { tenant: { ignore: ['byok'] } },
      endpoint: STRANGER,
      reasons: ['ignored_providers tenant'],
    },
    {
      rule: 'a host that a caller chose is ignored by its name too',
      layers: { tenant: { ignore: ['deepinfra'] } },
      endpoint: STRANGER,
      reasons: ['ignored_providers tenant'],
    },
    {
      rule: 'an account of the caller’s is no host of the caller’s',
      layers: { tenant: { ignore: ['byok'] } },
      endpoint: OWN_ACCOUNT,
      reasons: [],
    },
    {
      rule: 'any layer can ignore',
      layers: { operator: { ignore: ['groq'] }, request: { ignore: ['deepinfra'] } },
      reasons: ['ignored_providers request'],
    },
    {
      rule: 'ignore wins over only',
      layers: { request: { only: ['deepinfra/turbo'], ignore: ['deepinfra'] } },
      reasons: ['ignored_providers request'],
    },
    { rule: 'ignoring an endpoint spares the others', layers: { request: { ignore: ['deepinfra/fp4'] } }, reasons: [] },
    {
      rule: 'ignoring a provider covers its tier endpoints',
      layers: { key: { ignore: ['openai'] } },
      tag: 'openai/priority',
      facts: { serviceTier: 'priority' },
      endpoint: { serviceTier: 'priority' },
      reasons: ['ignored_providers key'],
    },
    {
      rule: 'ignoring a provider by its alias covers it',
      layers: { key: { ignore: ['bedrock'] } },
      endpoint: { provider: provider('amazon-bedrock', { aliases: ['bedrock'] }) },
      reasons: ['ignored_providers key'],
    },
  ],
  'data_policy:zdr': [
    {
      rule: 'an explicit true qualifies',
      layers: { tenant: { zdr: true } },
      endpoint: { dataPolicy: PRIVATE },
      reasons: [],
    },
    {
      rule: 'an explicit false does not',
      layers: { tenant: { zdr: true } },
      endpoint: { dataPolicy: { ...PRIVATE, zdr: false } },
      reasons: ['data_policy:zdr tenant'],
      says: ['zdr required', 'retains'],
    },
    {
      rule: 'unknown does not',
      layers: { request: { zdr: true } },
      endpoint: { dataPolicy: UNKNOWN_POLICY },
      reasons: ['data_policy:zdr request'],
      says: ['unknown'],
    },
    {
      rule: 'that nothing is retained is not a promise of zero retention',
      layers: { request: { zdr: true } },
      endpoint: { dataPolicy: { ...PRIVATE, zdr: null } },
      reasons: ['data_policy:zdr request'],
    },
    {
      rule: 'false asks for nothing',
      layers: { request: { zdr: false } },
      endpoint: { dataPolicy: UNKNOWN_POLICY },
      reasons: [],
    },
    {
      rule: 'false lifts nothing',
      layers: { key: { zdr: true }, request: { zdr: false } },
      endpoint: { dataPolicy: UNKNOWN_POLICY },
      reasons: ['data_policy:zdr key'],
    },
  ],
  'data_policy:training': [
    { rule: 'an endpoint that does not train qualifies', layers: { request: { dataCollection: 'deny' } }, reasons: [] },
    {
      rule: 'one that trains does not',
      layers: { request: { dataCollection: 'deny' } },
      endpoint: { dataPolicy: { ...PRIVATE, trains: true } },
      reasons: ['data_policy:training request'],
      says: ['trains'],
    },
    {
      rule: 'unknown does not',
      layers: { operator: { dataCollection: 'deny' } },
      endpoint: { dataPolicy: { ...PRIVATE, trains: null } },
      reasons: ['data_policy:training operator'],
      says: ['unknown'],
    },
    {
      rule: 'allow lifts nothing',
      layers: { operator: { dataCollection: 'deny' }, request: { dataCollection: 'allow' } },
      endpoint: { dataPolicy: UNKNOWN_POLICY },
      reasons: ['data_policy:training operator'],
    },
    {
      rule: 'retention is no matter',
      layers: { request: { dataCollection: 'deny' } },
      endpoint: { dataPolicy: { ...PRIVATE, retains: true, zdr: false } },
      reasons: [],
    },
  ],
  data_region: [
    { rule: 'an allowed region qualifies', layers: { tenant: { regions: ['us', 'eu'] } }, reasons: [] },
    {
      rule: 'every region must be allowed',
      layers: { tenant: { regions: ['eu'] } },
      endpoint: { dataPolicy: { ...PRIVATE, regions: ['eu', 'us'] } },
      reasons: ['data_region tenant'],
      says: ['eu', 'us'],
    },
    {
      rule: 'unknown regions are not allowed',
      layers: { tenant: { regions: ['eu'] } },
      endpoint: { dataPolicy: { ...PRIVATE, regions: [] } },
      reasons: ['data_region tenant'],
      says: ['unknown'],
    },
    {
      rule: 'layers intersect',
      layers: { tenant: { regions: ['us', 'eu'] }, key: { regions: ['eu'] } },
      reasons: ['data_region key'],
    },
  ],
  distillable_text: [
    {
      rule: 'an explicit permission qualifies',
      layers: { request: { enforceDistillableText: true } },
      model: { distillable: true },
      reasons: [],
    },
    {
      rule: 'none does not',
      layers: { request: { enforceDistillableText: true } },
      model: { distillable: null },
      reasons: ['distillable_text request'],
    },
    {
      rule: 'a refusal does not',
      layers: { key: { enforceDistillableText: true } },
      model: { distillable: false },
      reasons: ['distillable_text key'],
    },
  ],
  quantization: [
    {
      rule: 'a listed one qualifies',
      layers: { request: { quantizations: ['int8', 'bf16'] } },
      endpoint: { quantization: 'bf16' },
      reasons: [],
    },
    {
      rule: 'another does not',
      layers: { request: { quantizations: ['bf16'] } },
      endpoint: { quantization: 'int4' },
      reasons: ['quantization request'],
      says: ['bf16', 'int4'],
    },
    {
      rule: 'fp4 includes mxfp4',
      layers: { request: { quantizations: ['fp4'] } },
      endpoint: { quantization: 'mxfp4' },
      reasons: [],
    },
    {
      rule: 'fp4 includes nvfp4',
      layers: { request: { quantizations: ['fp4'] } },
      endpoint: { quantization: 'nvfp4' },
      reasons: [],
    },
    {
      rule: 'fp8 includes mxfp8',
      layers: { request: { quantizations: ['fp8'] } },
      endpoint: { quantization: 'mxfp8' },
      reasons: [],
    },
    {
      rule: 'mxfp8 does not include fp8',
      layers: { request: { quantizations: ['mxfp8'] } },
      endpoint: { quantization: 'fp8' },
      reasons: ['quantization request'],
    },
    {
      rule: 'fp8 does not include fp4',
      layers: { request: { quantizations: ['fp8'] } },
      endpoint: { quantization: 'fp4' },
      reasons: ['quantization request'],
    },
    { rule: 'an unstated one matches unknown', layers: { request: { quantizations: ['unknown'] } }, reasons: [] },
    {
      rule: 'an unstated one matches nothing else',
      layers: { request: { quantizations: ['bf16', 'fp16', 'fp32'] } },
      reasons: ['quantization request'],
    },
    {
      rule: 'layers intersect through the hierarchy',
      layers: { key: { quantizations: ['fp4'] }, request: { quantizations: ['mxfp4'] } },
      endpoint: { quantization: 'nvfp4' },
      reasons: ['quantization request'],
    },
  ],
  context_length: [
    {
      rule: 'a prompt and output that just fit',
      facts: { promptTokensEstimate: 99_000, maxOutputTokens: 1_000 },
      reasons: [],
    },
    {
      rule: 'one token more does not fit',
      facts: { promptTokensEstimate: 99_001, maxOutputTokens: 1_000 },
      reasons: ['context_length -'],
      says: ['99001', '1000', '100000'],
    },
    {
      rule: 'the model stands in for an endpoint that states no context',
      facts: { promptTokensEstimate: 60 },
      endpoint: { contextLength: null },
      model: { contextLength: 50 },
      reasons: ['context_length -'],
    },
    {
      rule: 'an unknown context is given the benefit',
      facts: { promptTokensEstimate: 10 ** 9 },
      endpoint: { contextLength: null },
      reasons: [],
    },
    {
      rule: 'an output longer than the endpoint gives',
      facts: { maxOutputTokens: 10_001 },
      reasons: ['context_length -'],
      says: ['10001', '10000'],
    },
    { rule: 'an output as long as the endpoint gives', facts: { maxOutputTokens: 10_000 }, reasons: [] },
    {
      rule: 'the model stands in for an endpoint that states no output limit',
      facts: { maxOutputTokens: 600 },
      endpoint: { maxOutputTokens: null },
      model: { maxOutputTokens: 500 },
      reasons: ['context_length -'],
    },
  ],
  modality: [
    {
      rule: 'every input modality must be taken',
      facts: { inputModalities: ['text', 'image'] },
      reasons: ['modality -'],
      says: ['image'],
    },
    {
      rule: 'every output modality must be given',
      facts: { outputModalities: ['audio'] },
      reasons: ['modality -'],
      says: ['audio'],
    },
    { rule: 'modalities that are taken', facts: { inputModalities: ['text', 'audio'] }, endpoint: AUDIO, reasons: [] },
  ],
  require_parameters: [
    {
      rule: 'nothing is required by default',
      facts: { parameters: ['seed'] },
      endpoint: { supportedParameters: new Set() },
      reasons: [],
    },
    {
      rule: 'every missing parameter is named',
      layers: { request: { requireParameters: true } },
      facts: { parameters: ['seed', 'tools', 'top_k'] },
      endpoint: { supportedParameters: new Set(['tools']) },
      reasons: ['require_parameters request'],
      says: ['seed, top_k'],
    },
    {
      rule: 'parameters that are all there',
      layers: { key: { requireParameters: true } },
      facts: { parameters: ['seed', 'tools'] },
      endpoint: { supportedParameters: new Set(['tools', 'seed']) },
      reasons: [],
    },
    {
      rule: 'a list that is not stated has nothing',
      layers: { key: { requireParameters: true } },
      facts: { parameters: ['seed'] },
      reasons: ['require_parameters key'],
      says: ['seed'],
    },
    {
      rule: 'both names of the output limit are one',
      layers: { key: { requireParameters: true } },
      facts: { parameters: ['max_tokens'] },
      endpoint: { supportedParameters: new Set(['max_completion_tokens']) },
      reasons: [],
    },
    {
      rule: 'what the dialect cannot express is missing',
      layers: { key: { requireParameters: true } },
      facts: { parameters: ['seed'], inexpressible: { 'openai-chat': ['seed'] } },
      endpoint: { supportedParameters: new Set(['seed']) },
      reasons: ['require_parameters key'],
      says: ['openai-chat', 'seed'],
    },
    {
      rule: 'what another dialect cannot express is not',
      layers: { key: { requireParameters: true } },
      facts: { parameters: ['seed'], inexpressible: { 'anthropic-messages': ['seed'] } },
      endpoint: { supportedParameters: new Set(['seed']) },
      reasons: [],
    },
  ],
  price_unknown: [
    {
      rule: 'what the caller pays itself is no part of a budget',
      facts: { needsKnownPrice: true },
      endpoint: { ...OWN_ACCOUNT, price: price(null, null) },
      reasons: [],
    },
    {
      rule: 'an unknown price cannot be held against a budget',
      facts: { needsKnownPrice: true },
      endpoint: { price: price(1, null) },
      reasons: ['price_unknown -'],
      says: ['budget', 'completion'],
    },
    {
      rule: "an unknown price is nobody's business without a budget",
      endpoint: { price: price(1, null) },
      reasons: [],
    },
    { rule: 'known prices can', facts: { needsKnownPrice: true }, reasons: [] },
  ],
  max_price: [
    { rule: 'a cap is inclusive', layers: { request: { maxPrice: { prompt: 1, completion: 2 } } }, reasons: [] },
    {
      rule: 'a price above its cap',
      layers: { request: { maxPrice: { prompt: 0.999999 } } },
      reasons: ['max_price request'],
      says: ['1 USD/M', '0.999999 USD/M'],
    },
    {
      rule: 'caps compare exactly where floats would not',
      layers: { request: { maxPrice: { prompt: 0.57 } } },
      endpoint: { price: price(0.57, 1) },
      reasons: [],
    },
    {
      rule: 'a cap of 0 permits free endpoints only',
      layers: { request: { maxPrice: { prompt: 0, completion: 0 } } },
      endpoint: { price: price(0, 0) },
      reasons: [],
    },
    {
      rule: 'a cap of 0 excludes others',
      layers: { request: { maxPrice: { prompt: 0 } } },
      reasons: ['max_price request'],
    },
    {
      rule: 'a prompt price that is not known exceeds (G8)',
      layers: { key: { maxPrice: { prompt: 1e20 } } },
      endpoint: { price: price(null, 1) },
      reasons: ['max_price key'],
      says: ['not known'],
    },
    {
      rule: 'a completion price that is not known exceeds (G8)',
      layers: { key: { maxPrice: { completion: 9 } } },
      endpoint: { price: price(1, null) },
      reasons: ['max_price key'],
    },
    {
      rule: 'prices that are not known exclude nothing without a cap on them',
      layers: { key: { maxPrice: { prompt: 9 } } },
      endpoint: { price: price(1, null) },
      reasons: [],
    },
    {
      rule: 'a missing request or image price is 0 (G8)',
      layers: { key: { maxPrice: { request: 0, image: 0 } } },
      reasons: [],
    },
    {
      rule: 'a request price above its cap',
      layers: { key: { maxPrice: { request: 0.01 } } },
      endpoint: { price: price(1, 1, { request: 20_000_000_000 }) },
      reasons: ['max_price key'],
      says: ['0.02 USD/request', '0.01 USD/request'],
    },
    {
      rule: 'an image price at its cap',
      layers: { key: { maxPrice: { image: 0.02 } } },
      endpoint: { price: price(1, 1, { image: 20_000_000_000 }) },
      reasons: [],
    },
    {
      rule: 'the tier that applies to the prompt counts',
      layers: { key: { maxPrice: { prompt: 1 } } },
      facts: { promptTokensEstimate: 501 },
      endpoint: { priceTiers: [{ abovePromptTokens: 500, price: { prompt: 2_000_000 } }] },
      reasons: ['max_price key'],
      says: ['2 USD/M'],
    },
    {
      rule: 'a tier that does not apply does not count',
      layers: { key: { maxPrice: { prompt: 1 } } },
      facts: { promptTokensEstimate: 500 },
      endpoint: { priceTiers: [{ abovePromptTokens: 500, price: { prompt: 2_000_000 } }] },
      reasons: [],
    },
    {
      rule: 'audio is charged as prompt where it has no price of its own',
      layers: { key: { maxPrice: { audio: 0 } } },
      endpoint: AUDIO,
      reasons: ['max_price key'],
    },
    { rule: 'an endpoint without audio charges none', layers: { key: { maxPrice: { audio: 0 } } }, reasons: [] },
    {
      rule: 'the lowest cap counts, and its layer is named',
      layers: { key: { maxPrice: { prompt: 0.5 } }, request: { maxPrice: { prompt: 0.9 } } },
      reasons: ['max_price key'],
      says: ['0.5 USD/M'],
    },
  ],
  credential_missing: [
    {
      rule: 'a provider that needs a credential and has none',
      endpoint: { provider: provider('groq', { credentials: [] }) },
      reasons: ['credential_missing -'],
      says: ['groq'],
    },
    {
      rule: 'a provider that needs none',
      endpoint: { provider: provider('local', { credentials: [], needsCredential: false }) },
      reasons: [],
    },
  ],
  service_tier: [
    {
      rule: 'a tier endpoint is not tried unasked',
      tag: 'openai/priority',
      endpoint: { serviceTier: 'priority' },
      reasons: ['service_tier -'],
    },
    {
      rule: 'its tag in order opts it in',
      tag: 'openai/priority',
      endpoint: { serviceTier: 'priority' },
      layers: { request: { order: ['openai/priority'] } },
      reasons: [],
    },
    {
      rule: 'its tag in only opts it in',
      tag: 'openai/flex',
      endpoint: { serviceTier: 'flex' },
      layers: { request: { only: ['openai/flex'] } },
      reasons: [],
    },
    {
      rule: 'the base slug does not',
      tag: 'openai/flex',
      endpoint: { serviceTier: 'flex' },
      layers: { request: { only: ['openai'], order: ['openai'] } },
      reasons: ['service_tier -'],
    },
    {
      rule: 'a tag that is the base slug does not',
      tag: 'openai',
      endpoint: { serviceTier: 'flex' },
      layers: { request: { only: ['openai'] } },
      reasons: ['service_tier -'],
    },
    {
      rule: 'service_tier priority opts it in',
      tag: 'openai/priority',
      endpoint: { serviceTier: 'priority' },
      facts: { serviceTier: 'priority' },
      reasons: [],
    },
    {
      rule: 'service_tier fast is priority',
      tag: 'openai/priority',
      endpoint: { serviceTier: 'priority' },
      facts: { serviceTier: 'fast' },
      reasons: [],
    },
    {
      rule: 'speed fast is priority',
      tag: 'openai/priority',
      endpoint: { serviceTier: 'priority' },
      facts: { speed: 'fast' },
      reasons: [],
    },
    {
      rule: 'service_tier flex does not opt priority in',
      tag: 'openai/priority',
      endpoint: { serviceTier: 'priority' },
      facts: { serviceTier: 'flex' },
      reasons: ['service_tier -'],
    },
    {
      rule: 'service_tier auto opts nothing in',
      tag: 'openai/priority',
      endpoint: { serviceTier: 'priority' },
      facts: { serviceTier: 'auto' },
      reasons: ['service_tier -'],
    },
    {
      rule: 'a base slug in only allows a tier that is opted in',
      tag: 'openai/flex',
      endpoint: { serviceTier: 'flex' },
      layers: { key: { only: ['openai'] } },
      facts: { serviceTier: 'flex' },
      reasons: [],
    },
    {
      rule: 'service_tier default wins over a tag',
      tag: 'openai/priority',
      endpoint: { serviceTier: 'priority' },
      layers: { request: { order: ['openai/priority'] } },
      facts: { serviceTier: 'default' },
      reasons: ['service_tier request'],
    },
    {
      rule: 'standard_only is default',
      tag: 'openai/flex',
      endpoint: { serviceTier: 'flex' },
      layers: { request: { only: ['openai/flex'] } },
      facts: { serviceTier: 'standard_only' },
      reasons: ['service_tier request'],
    },
    {
      rule: ':nitro admits priority',
      tag: 'openai/priority',
      endpoint: { serviceTier: 'priority' },
      facts: { models: ['acme/m1:Nitro'] },
      reasons: [],
    },
    {
      rule: ':nitro does not admit flex',
      tag: 'openai/flex',
      endpoint: { serviceTier: 'flex' },
      facts: { models: ['acme/m1:nitro'] },
      reasons: ['service_tier -'],
    },
    {
      rule: ':floor admits flex',
      tag: 'openai/flex',
      endpoint: { serviceTier: 'flex' },
      facts: { models: ['acme/m1:floor'] },
      reasons: [],
    },
    {
      rule: 'order takes back what :floor admits',
      tag: 'openai/flex',
      endpoint: { serviceTier: 'flex' },
      facts: { models: ['acme/m1:floor'] },
      layers: { request: { order: ['openai'] } },
      reasons: ['service_tier -'],
    },
    {
      rule: 'service_tier default takes back what :nitro admits',
      tag: 'openai/priority',
      endpoint: { serviceTier: 'priority' },
      facts: { models: ['acme/m1:nitro'], serviceTier: 'default' },
      reasons: ['service_tier request'],
    },
    {
      rule: 'sort admits no tier',
      tag: 'openai/priority',
      endpoint: { serviceTier: 'priority' },
      layers: { request: { sort: 'throughput' } },
      reasons: ['service_tier -'],
    },
  ],
  fallbacks_disabled: [
    {
      rule: 'order without fallbacks is a closed set',
      layers: { request: { order: ['groq', 'together'], allowFallbacks: false } },
      reasons: ['fallbacks_disabled request'],
      says: ['groq, together'],
    },
    {
      rule: 'a listed endpoint is in the set',
      layers: { key: { allowFallbacks: false }, request: { order: ['deepinfra'] } },
      reasons: [],
    },
    { rule: 'order with fallbacks excludes nobody', layers: { request: { order: ['groq'] } }, reasons: [] },
  ],
};

describe.each(Object.entries(RULES))('%s', (_code, rules) => {
  it.each(rules.map((rule) => [rule.rule, rule] as const))('%s', (_name, rule) => {
    const reasons = reasonsOf(rule);
    expect(reasons.map(({ code, layer }) => `${code} ${layer ?? '-'}`)).toEqual(rule.reasons);
    for (const operand of rule.says ?? []) expect(reasons.map(({ detail }) => detail).join('; ')).toContain(operand);
  });
});

it('an endpoint collects all its reasons, not only the first', () => {
  const reasons = reasonsOf({
    rule: '',
    layers: {
      tenant: { zdr: true },
      key: { only: ['groq'] },
      request: { maxPrice: { prompt: 0.1, completion: 0.1 }, quantizations: ['fp8'] },
    },
    facts: { promptTokensEstimate: 10 ** 6 },
    endpoint: { dataPolicy: UNKNOWN_POLICY },
    reasons: [],
  });
  expect(reasons.map(({ code }) => code)).toEqual([
    'data_policy:zdr',
    'allowed_providers',
    'quantization',
    'context_length',
    'max_price',
    'max_price',
  ]);
});
