import type { Endpoint, Model, Plan, PlannedAttempt, Price, RequestFacts } from '@switchyard/contract';

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

export function endpoint(of: Model, tag: string, fields: Partial<Endpoint> = {}): Endpoint {
  const dataPolicy = { trains: null, retains: null, zdr: null, retentionDays: null, regions: [] };
  return {
    tag,
    modelId: of.id,
    provider: {
      id: tag,
      name: tag,
      dialect: 'openai-chat',
      baseUrl: 'http://127.0.0.1:1/v1',
      credentials: [],
      needsCredential: false,
      dataPolicy,
      profile: 'openai-chat',
      timeouts: {},
      headers: {},
    },
    upstreamModel: of.id,
    quantization: null,
    price: price(1, 2),
    priceTiers: [],
    contextLength: null,
    maxOutputTokens: null,
    modalities: of.modalities,
    supportedParameters: null,
    serviceTier: 'default',
    variant: null,
    dataPolicy,
    prior: { throughput: null, latency: null },
    cacheTtlS: 300,
    factsAsOf: null,
    ...fields,
  };
}

export function attempt(of: Model, tag: string): PlannedAttempt {
  return {
    rank: 1,
    model: of,
    endpoint: endpoint(of, tag),
    expectedCostUsd: 0,
    worstCaseCostUsd: 0,
    firstChoiceProbability: 1,
    because: [],
  };
}

export function planOf(attempts: readonly PlannedAttempt[], facts: Partial<RequestFacts> = {}): Plan {
  return {
    catalogVersion: 'v1',
    policyHash: 'none',
    seed: 1,
    facts: {
      protocol: 'chat',
      models: ['acme/m'],
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
      ...facts,
    },
    attempts,
    rejected: [],
    error: null,
    warnings: [],
    unknownProviders: [],
    strategy: 'fallback',
  };
}
