import type {
  CatalogSnapshot,
  DataPolicy,
  Endpoint,
  Modality,
  Model,
  Provider,
  ResolvedModel,
} from '@switchyard/contract';
import { UNKNOWN_PRICE } from './build-price.js';
import { MODEL_VARIANTS } from './names.js';

/** A provider as one request sees it. */
export interface OverlaidProvider {
  readonly provider: Provider;
  /** True = it stands in for the provider of the catalogue with its id; false = it serves whatever model is asked for. */
  readonly isKnown: boolean;
}

const UNKNOWN_POLICY: DataPolicy = { trains: null, retains: null, zdr: null, retentionDays: null, regions: [] };
const ALL_MODALITIES: readonly Modality[] = ['text', 'image', 'audio', 'video', 'file'];
const CACHE_TTL_S = 300;
const VARIANTS: ReadonlySet<string> = new Set(MODEL_VARIANTS);

/** An id that the catalogue does not know travels in headers and records as it was sent. */
const MODEL_ID = /^[\x21-\x7e]{1,256}$/;

/**
 * The catalogue with a request's own providers over it, for that request alone. Costs nothing but for the models that are
 * looked at. Nothing that the operator knows of a host holds for another one: there, price and data policy are unknown.
 */
export function overlaySnapshot(base: CatalogSnapshot, overlaid: readonly OverlaidProvider[]): CatalogSnapshot {
  return new Overlay(base, overlaid);
}

class Overlay implements CatalogSnapshot {
  readonly version: string;
  private readonly known = new Map<string, Provider>();
  private readonly others: Provider[] = [];
  private readonly seen = new Map<string, Model>();

  constructor(
    private readonly base: CatalogSnapshot,
    overlaid: readonly OverlaidProvider[],
  ) {
    this.version = base.version;
    for (const { provider, isKnown } of overlaid) {
      if (isKnown) this.known.set(provider.id, provider);
      else this.others.push(provider);
    }
  }

  get models(): readonly Model[] {
    return this.base.models.map((model) => this.over(model, model.id));
  }

  get providers(): readonly Provider[] {
    return [...this.base.providers.map((provider) => this.known.get(provider.id) ?? provider), ...this.others];
  }

  resolve(id: string): ResolvedModel | null {
    const found = this.base.resolve(id);
    if (found !== null) return { ...found, model: this.over(found.model, withoutVariants(id)) };
    if (this.others.length === 0 || !MODEL_ID.test(id)) return null;
    const name = withoutVariants(id);
    const variants =
      id.length === name.length
        ? []
        : id
            .slice(name.length + 1)
            .toLowerCase()
            .split(':');
    return { model: this.over(strangeModel(name), name), variants };
  }

  findProvider(slug: string): Provider | null {
    const name = slug.toLowerCase();
    const own = this.others.find((provider) => provider.id === name);
    if (own !== undefined) return own;
    const found = this.base.findProvider(slug);
    return found === null ? null : (this.known.get(found.id) ?? found);
  }

  /** The same object each time: planning tells models apart by what they are. `asSent` is the id without variants. */
  private over(model: Model, asSent: string): Model {
    const seen = this.seen.get(model.id);
    if (seen !== undefined) return seen;
    const isTouched = this.others.length > 0 || model.endpoints.some(({ provider }) => this.known.has(provider.id));
    const endpoints = model.endpoints.map((endpoint) => {
      const provider = this.known.get(endpoint.provider.id);
      return provider === undefined ? endpoint : servedBy(provider, endpoint);
    });
    const result = isTouched
      ? { ...model, endpoints: [...endpoints, ...this.others.map((provider) => endpointAt(provider, model, asSent))] }
      : model;
    this.seen.set(model.id, result);
    return result;
  }
}

/** An endpoint of the catalogue through another account, or at another host. */
function servedBy(provider: Provider, endpoint: Endpoint): Endpoint {
  if (provider.callers === undefined) return { ...endpoint, provider };
  if (!provider.callers.ownHost) return { ...endpoint, provider, dataPolicy: ofAnotherAccount(endpoint.dataPolicy) };
  return {
    ...endpoint,
    provider,
    quantization: null,
    supportedParameters: null,
    price: UNKNOWN_PRICE,
    priceTiers: [],
    dataPolicy: UNKNOWN_POLICY,
    prior: { throughput: null, latency: null },
    factsAsOf: null,
  };
}

/** Zero retention is agreed with each account, so what the operator's has says nothing of another one. */
function ofAnotherAccount(policy: DataPolicy): DataPolicy {
  return policy.zdr === true ? { ...policy, zdr: null, retains: null, retentionDays: null } : policy;
}

function endpointAt(provider: Provider, model: Model, upstreamModel: string): Endpoint {
  return {
    tag: provider.id,
    modelId: model.id,
    provider,
    upstreamModel,
    quantization: null,
    price: UNKNOWN_PRICE,
    priceTiers: [],
    contextLength: null,
    maxOutputTokens: null,
    modalities: model.modalities,
    supportedParameters: null,
    serviceTier: 'default',
    variant: null,
    dataPolicy: UNKNOWN_POLICY,
    prior: { throughput: null, latency: null },
    cacheTtlS: CACHE_TTL_S,
    factsAsOf: null,
  };
}

/** A model of which nothing is known but its name. */
function strangeModel(id: string): Model {
  return {
    id,
    name: id,
    description: '',
    createdS: 0,
    aliases: [],
    distillable: null,
    contextLength: null,
    maxOutputTokens: null,
    modalities: { input: ALL_MODALITIES, output: ALL_MODALITIES },
    traits: {},
    endpoints: [],
  };
}

function withoutVariants(id: string): string {
  let name = id;
  for (;;) {
    const colon = name.lastIndexOf(':');
    if (colon <= 0 || !VARIANTS.has(name.slice(colon + 1).toLowerCase())) return name;
    name = name.slice(0, colon);
  }
}
