import type { Endpoint, Modality, Model, ModelTraits, Provider } from '@switchyard/contract';
import { buildPolicy } from './build-provider.js';
import { buildPrice, buildTiers } from './build-price.js';
import type { FaultList } from './faults.js';
import { overPolicy, tagOf } from './merge.js';
import type { WrittenEndpoint, WrittenModalities, WrittenModel, WrittenProvider, WrittenTraits } from './written.js';

/** What a model's endpoints need to know of the rest of the catalogue. */
export interface ProviderLookup {
  /** By provider id; `null` = left out for now, absent = faulty. */
  readonly providers: ReadonlyMap<string, Provider | null>;
  readonly entries: ReadonlyMap<string, WrittenProvider>;
}

export interface ModelPlace {
  readonly path: string;
  readonly endpointPath: (endpoint: WrittenEndpoint, index: number) => string;
}

type Modalities = Model['modalities'];

const TEXT_ONLY: Modalities = { input: ['text'], output: ['text'] };
/** Providers drop an unused prompt cache after five minutes unless they say otherwise. */
const DEFAULT_CACHE_TTL_S = 300;

/** A model with those of its endpoints whose provider can be spoken to; `left` counts the others by provider id. */
export function buildModel(
  entry: WrittenModel,
  place: ModelPlace,
  lookup: ProviderLookup,
  faults: FaultList,
  left: Map<string, number>,
): Model {
  const modalities = buildModalities(entry.modalities) ?? TEXT_ONLY;
  const tags = new Set<string>();
  const endpoints: Endpoint[] = [];
  (entry.endpoints ?? []).forEach((endpoint, index) => {
    const path = place.endpointPath(endpoint, index);
    checkTag(endpoint, tags, path, faults);
    const provider = lookup.providers.get(endpoint.provider);
    if (!lookup.entries.has(endpoint.provider)) {
      faults.add(`${path}.provider`, endpoint.provider, 'the id of a provider in providers');
    }
    if (provider === null) left.set(endpoint.provider, (left.get(endpoint.provider) ?? 0) + 1);
    const built = buildEndpoint(endpoint, { entry, modalities, provider, path, lookup, faults });
    if (built !== null) endpoints.push(built);
  });
  return {
    id: entry.id,
    name: entry.name ?? entry.id,
    description: entry.description ?? '',
    createdS: entry.created === undefined ? 0 : Math.floor(Date.parse(entry.created) / 1000),
    aliases: [...(entry.aliases ?? [])],
    distillable: entry.distillable ?? null,
    contextLength: entry.context_length ?? null,
    maxOutputTokens: entry.max_output_tokens ?? null,
    modalities,
    traits: buildTraits(entry.traits ?? {}),
    endpoints,
  };
}

interface EndpointSurroundings {
  readonly entry: WrittenModel;
  readonly modalities: Modalities;
  readonly provider: Provider | null | undefined;
  readonly path: string;
  readonly lookup: ProviderLookup;
  readonly faults: FaultList;
}

/** Prices are read, and their faults reported, even where the endpoint itself is left out. */
function buildEndpoint(endpoint: WrittenEndpoint, around: EndpointSurroundings): Endpoint | null {
  const { entry, provider, path, faults } = around;
  const price = buildPrice(endpoint.price, `${path}.price`, faults);
  const priceTiers = buildTiers(endpoint.price_tiers, `${path}.price_tiers`, faults);
  if (provider === undefined || provider === null) return null;
  const parameters = endpoint.supported_parameters ?? null;
  return {
    tag: tagOf(endpoint),
    modelId: entry.id,
    provider,
    upstreamModel: endpoint.upstream_model ?? entry.id,
    quantization: endpoint.quantization ?? null,
    price,
    priceTiers,
    contextLength: endpoint.context_length ?? entry.context_length ?? null,
    maxOutputTokens: endpoint.max_output_tokens ?? entry.max_output_tokens ?? null,
    modalities: buildModalities(endpoint.modalities) ?? around.modalities,
    supportedParameters: parameters === null ? null : new Set(parameters),
    serviceTier: endpoint.service_tier ?? 'default',
    variant: endpoint.variant ?? null,
    dataPolicy: buildPolicy(overPolicy(around.lookup.entries.get(provider.id)?.data_policy, endpoint.data_policy)),
    prior: { throughput: endpoint.prior?.throughput ?? null, latency: endpoint.prior?.latency ?? null },
    cacheTtlS: endpoint.cache_ttl_s ?? DEFAULT_CACHE_TTL_S,
    factsAsOf: endpoint.facts_as_of ?? null,
  };
}

function checkTag(endpoint: WrittenEndpoint, tags: Set<string>, path: string, faults: FaultList): void {
  const tag = tagOf(endpoint);
  if (tag !== endpoint.provider && !tag.startsWith(`${endpoint.provider}/`)) {
    faults.add(`${path}.tag`, tag, `${endpoint.provider}, or ${endpoint.provider}/ and a name`);
  }
  if (tags.has(tag)) faults.add(`${path}.tag`, tag, 'a tag that no other endpoint of the model has');
  tags.add(tag);
}

function buildModalities(entry: WrittenModalities | undefined): Modalities | null {
  if (entry === undefined) return null;
  const output: readonly Modality[] = entry.output ?? ['text'];
  return { input: [...entry.input], output: [...output] };
}

/** The names of traits in code and as written; the compiler sees to it that none is missing. */
const TRAITS = {
  thinking: 'thinking',
  thinkingOptional: 'thinking_optional',
  sampling: 'sampling',
  forcedToolChoice: 'forced_tool_choice',
  efforts: 'efforts',
  maxCompletionTokens: 'max_completion_tokens',
  developerRole: 'developer_role',
  prefill: 'prefill',
  jsonSchema: 'json_schema',
  stop: 'stop',
  midSystem: 'mid_system',
  toolsWithReasoning: 'tools_with_reasoning',
} as const satisfies Readonly<Record<keyof ModelTraits, keyof WrittenTraits>>;

/** A null, which a YAML key without a value is, counts as absent. */
function buildTraits(entry: WrittenTraits): ModelTraits {
  const values: readonly (readonly [string, unknown])[] = Object.entries(TRAITS).map(([name, key]) => [
    name,
    entry[key],
  ]);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined && value !== null));
}
