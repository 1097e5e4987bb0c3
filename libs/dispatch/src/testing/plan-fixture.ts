import type { Endpoint, Model, PlannedAttempt, Price, Provider } from '@switchyard/contract';

/** Plans for tests: as little of a catalogue as dispatch looks at, complete in type. */
const PRICE: Price = {
  prompt: 1_000_000,
  completion: 2_000_000,
  cacheRead: null,
  cacheWrite: null,
  cacheWrite1h: null,
  reasoning: null,
  audio: null,
  image: null,
  request: null,
  webSearch: null,
};

export function provider(id: string, fields: Partial<Provider> = {}): Provider {
  return {
    id,
    name: id,
    dialect: 'openai-chat',
    baseUrl: 'http://127.0.0.1:1/v1',
    credentials: [{ id: 'main', apiKey: 'secret', weight: 1 }],
    needsCredential: true,
    dataPolicy: { trains: null, retains: null, zdr: null, retentionDays: null, regions: [] },
    profile: 'openai-chat',
    timeouts: {},
    headers: {},
    ...fields,
  };
}

export function endpoint(modelId: string, host: Provider, fields: Partial<Endpoint> = {}): Endpoint {
  return {
    tag: host.id,
    modelId,
    provider: host,
    upstreamModel: `${modelId}-upstream`,
    quantization: null,
    price: PRICE,
    priceTiers: [],
    contextLength: null,
    maxOutputTokens: null,
    modalities: { input: ['text'], output: ['text'] },
    supportedParameters: null,
    serviceTier: 'default',
    variant: null,
    dataPolicy: host.dataPolicy,
    prior: { throughput: null, latency: null },
    cacheTtlS: 300,
    factsAsOf: null,
    ...fields,
  };
}

/** One attempt per `model@provider`, in that order. */
export function attempts(...names: readonly string[]): PlannedAttempt[] {
  return names.map((name, index) => {
    const [modelId = '', providerId = ''] = name.split('@');
    const at = endpoint(modelId, provider(providerId));
    return {
      rank: index + 1,
      model: model(modelId, [at]),
      endpoint: at,
      expectedCostUsd: 0,
      worstCaseCostUsd: 0,
      firstChoiceProbability: index === 0 ? 1 : 0,
      because: [],
    };
  });
}

export function model(id: string, endpoints: readonly Endpoint[]): Model {
  return {
    id,
    name: id,
    description: '',
    createdS: 0,
    aliases: [],
    distillable: null,
    contextLength: null,
    maxOutputTokens: null,
    modalities: { input: ['text'], output: ['text'] },
    traits: {},
    endpoints,
  };
}
