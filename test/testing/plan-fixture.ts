import type { Endpoint, Model, Plan, PlannedAttempt, Price, Provider, RequestFacts } from '@switchyard/contract';

/** Plans for tests: as little of a catalogue as its readers look at, complete in type. */
/** USD per million tokens. */
export function price(prompt: number, completion: number): Price {
  return {
    prompt: Math.round(prompt * 1_000_000),
    completion: Math.round(completion * 1_000_000),
    cacheRead: null,
    cacheWrite: null,
    cacheWrite1h: null,
    reasoning: null,
    audio: null,
    image: null,
    request: null,
    webSearch: null,
  };
}

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
    price: price(1, 2),
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
      model: model(modelId, { endpoints: [at] }),
      endpoint: at,
      expectedCostUsd: 0,
      worstCaseCostUsd: 0,
      firstChoiceProbability: index === 0 ? 1 : 0,
      because: [],
    };
  });
}

export function model(id: string, fields: Partial<Model> = {}): Model {
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
    endpoints: [],
    ...fields,
  };
}

export function planOf(attempts: readonly PlannedAttempt[], about: Partial<RequestFacts> = {}): Plan {
  const facts: RequestFacts = {
    protocol: 'chat',
    models: ['a/m'],
    parameters: [],
    inputModalities: ['text'],
    outputModalities: ['text'],
    inexpressible: {},
    promptTokensEstimate: 10,
    maxOutputTokens: 64,
    images: 0,
    stream: false,
    serviceTier: null,
    speed: null,
    ...about,
  };
  return {
    catalogVersion: 'test',
    policyHash: 'test',
    seed: 1,
    facts,
    attempts,
    rejected: [],
    error: null,
    warnings: [],
    unknownProviders: [],
    strategy: 'fallback',
  };
}
