import type { Endpoint, Model, PlannedAttempt, Price } from '@switchyard/contract';

export const NO_PRICE: Price = {
  prompt: null,
  completion: null,
  cacheRead: null,
  cacheWrite: null,
  cacheWrite1h: null,
  reasoning: null,
  audio: null,
  image: null,
  request: null,
  webSearch: null,
};

/** Claude Opus 4.8 at its author: 5 / 25 / 0.5 / 6.25 / 10 USD per million tokens. */
export const OPUS: Price = {
  ...NO_PRICE,
  prompt: 5_000_000,
  completion: 25_000_000,
  cacheRead: 500_000,
  cacheWrite: 6_250_000,
  cacheWrite1h: 10_000_000,
};

/** What the worst case reads of a planned attempt. */
export interface AttemptFields extends Partial<Pick<Endpoint, 'priceTiers' | 'contextLength' | 'maxOutputTokens'>> {
  readonly price?: Price;
  readonly dialect?: Endpoint['provider']['dialect'];
  readonly model?: Partial<Pick<Model, 'contextLength' | 'maxOutputTokens'>>;
}

/** An attempt at an endpoint of which nothing is known but these fields. */
export function attemptAt(fields: AttemptFields): Pick<PlannedAttempt, 'model' | 'endpoint'> {
  const provider: Endpoint['provider'] = {
    id: 'acme',
    name: 'Acme',
    dialect: fields.dialect ?? 'anthropic-messages',
    baseUrl: 'http://127.0.0.1',
    credentials: [],
    needsCredential: false,
    dataPolicy: { trains: null, retains: null, zdr: null, retentionDays: null, regions: [] },
    profile: 'generic',
    timeouts: {},
    headers: {},
  };
  const modalities: Endpoint['modalities'] = { input: ['text'], output: ['text'] };
  const endpoint: Endpoint = {
    tag: 'acme',
    modelId: 'acme/m1',
    provider,
    upstreamModel: 'm1',
    quantization: null,
    price: fields.price ?? OPUS,
    priceTiers: fields.priceTiers ?? [],
    contextLength: fields.contextLength ?? null,
    maxOutputTokens: fields.maxOutputTokens ?? null,
    modalities,
    supportedParameters: null,
    serviceTier: 'default',
    variant: null,
    dataPolicy: provider.dataPolicy,
    prior: { throughput: null, latency: null },
    cacheTtlS: 300,
    factsAsOf: null,
  };
  const model: Model = {
    id: 'acme/m1',
    name: 'M1',
    description: '',
    createdS: 0,
    aliases: [],
    distillable: null,
    contextLength: fields.model?.contextLength ?? null,
    maxOutputTokens: fields.model?.maxOutputTokens ?? null,
    modalities,
    traits: {},
    endpoints: [endpoint],
  };
  return { model, endpoint };
}
