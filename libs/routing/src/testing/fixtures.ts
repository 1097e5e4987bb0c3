import type {
  CatalogSnapshot,
  DataPolicy,
  Endpoint,
  EndpointHealth,
  HealthView,
  Model,
  Price,
  Provider,
  RequestFacts,
} from '@switchyard/contract';

/** Builders for specs: every field has a harmless value, so that a test states only what it is about. */

export const PRIVATE: DataPolicy = { trains: false, retains: false, zdr: true, retentionDays: 0, regions: ['us'] };
export const UNKNOWN_POLICY: DataPolicy = { trains: null, retains: null, zdr: null, retentionDays: null, regions: [] };

export function provider(id: string, fields: Partial<Provider> = {}): Provider {
  return {
    id,
    name: id.toUpperCase(),
    dialect: 'openai-chat',
    baseUrl: `http://${id}.test/v1`,
    credentials: [{ id: 'main', apiKey: 'secret', weight: 1 }],
    needsCredential: true,
    dataPolicy: PRIVATE,
    profile: id,
    timeouts: {},
    headers: {},
    ...fields,
  };
}

/** USD per million tokens. */
export function price(prompt: number | null, completion: number | null, fields: Partial<Price> = {}): Price {
  const pico = (usd: number | null): number | null => (usd === null ? null : Math.round(usd * 1_000_000));
  return {
    prompt: pico(prompt),
    completion: pico(completion),
    cacheRead: null,
    cacheWrite: null,
    cacheWrite1h: null,
    reasoning: null,
    audio: null,
    image: null,
    request: null,
    webSearch: null,
    ...fields,
  };
}

export function endpoint(tag: string, fields: Partial<Endpoint> = {}): Endpoint {
  const host = fields.provider ?? provider(tag.split('/')[0] ?? tag);
  return {
    tag,
    modelId: 'acme/m1',
    provider: host,
    upstreamModel: 'm1',
    quantization: null,
    price: price(1, 2),
    priceTiers: [],
    contextLength: 100_000,
    maxOutputTokens: 10_000,
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

export function model(id: string, endpoints: readonly Endpoint[], fields: Partial<Model> = {}): Model {
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
    endpoints: endpoints.map((entry) => ({ ...entry, modelId: id })),
    ...fields,
  };
}

/** Resolves ids and aliases, and takes what follows a colon for variants. */
export function catalog(...models: readonly Model[]): CatalogSnapshot {
  const endpoints = models.flatMap((entry) => entry.endpoints);
  const providers = [...new Map(endpoints.map((entry) => [entry.provider.id, entry.provider])).values()];
  return {
    version: 'test',
    models,
    providers,
    resolve(id) {
      const [base = '', ...variants] = id.split(':');
      const found = models.find((entry) => entry.id === base || entry.aliases.includes(base));
      return found === undefined ? null : { model: found, variants };
    },
    findProvider(slug) {
      const name = slug.toLowerCase();
      return providers.find((entry) => entry.id === name || entry.name.toLowerCase() === name) ?? null;
    },
  };
}

export function facts(fields: Partial<RequestFacts> = {}): RequestFacts {
  return {
    protocol: 'chat',
    models: ['acme/m1'],
    parameters: [],
    inputModalities: ['text'],
    outputModalities: ['text'],
    inexpressible: {},
    promptTokensEstimate: 1000,
    maxOutputTokens: null,
    images: 0,
    stream: false,
    serviceTier: null,
    speed: null,
    ...fields,
  };
}

export function observed(fields: Partial<EndpointHealth> = {}): EndpointHealth {
  return { band: 'healthy', circuitOpen: false, throughput: null, latency: null, toolSuccess: null, ...fields };
}

/** Health by endpoint tag. */
export function healthOf(byTag: Readonly<Record<string, Partial<EndpointHealth>>> = {}): HealthView {
  return {
    epoch: 0,
    of({ tag }) {
      const fields = byTag[tag];
      return fields === undefined ? null : observed(fields);
    },
  };
}
