import type { Endpoint, JsonObject, Model, Provider } from '@switchyard/contract';
import type { EndpointHistory, HealthTracker } from '@switchyard/dispatch';
import { pricingOf } from './decimal-price.js';
import type { PermittedModel } from './model-access.js';

/** A model as OpenRouter lists it, with the fields by which OpenAI's clients know a model. */
export function modelView({ model, endpoints }: PermittedModel): JsonObject {
  const cheapest = cheapestOf(endpoints);
  return {
    id: model.id,
    object: 'model',
    created: model.createdS,
    owned_by: authorOf(model),
    canonical_slug: model.id,
    name: model.name,
    description: model.description,
    context_length: model.contextLength ?? cheapest.contextLength,
    architecture: architectureOf(model),
    pricing: pricingOf(cheapest.price, cheapest.priceTiers),
    top_provider: {
      context_length: cheapest.contextLength ?? model.contextLength,
      max_completion_tokens: cheapest.maxOutputTokens ?? model.maxOutputTokens,
      is_moderated: false,
    },
    per_request_limits: null,
    supported_parameters: supportedBy(endpoints),
    default_parameters: null,
    ...reasoningOf(model),
    hugging_face_id: null,
    knowledge_cutoff: null,
    expiration_date: null,
    links: { details: `/v1/models/${model.id}/endpoints` },
  };
}

/** What a listing says of how endpoints do. */
export type ObservedEndpoints = Pick<HealthTracker, 'of' | 'historyOf' | 'circuitOf'>;

/** OpenRouter's numbers, the worst the lowest. */
const STATUS = { healthy: 0, degraded: -1, down: -2, outage: -3, trial: -5, ejected: -10 } as const;

/** A model with every endpoint, as OpenRouter's endpoints listing has it. */
export function endpointsView({ model, endpoints }: PermittedModel, observed: ObservedEndpoints): JsonObject {
  return {
    id: model.id,
    name: model.name,
    created: model.createdS,
    description: model.description,
    architecture: architectureOf(model),
    endpoints: endpoints.map((endpoint) => endpointView(model, endpoint, observed)),
  };
}

/** A provider as OpenRouter lists it. */
export function providerView(provider: Provider): JsonObject {
  return {
    name: provider.name,
    slug: provider.id,
    headquarters: null,
    datacenters: provider.dataPolicy.regions.length > 0 ? provider.dataPolicy.regions : null,
    privacy_policy_url: null,
    terms_of_service_url: null,
    status_page_url: null,
  };
}

/** The endpoint whose price speaks for the model: the cheapest of those that need no opting in. */
export function cheapestOf(endpoints: readonly Endpoint[]): Endpoint {
  const open = endpoints.filter((endpoint) => endpoint.serviceTier === 'default' && endpoint.variant === null);
  const pool = open.length > 0 ? open : endpoints;
  return pool.reduce((best, endpoint) => (listPrice(endpoint) < listPrice(best) ? endpoint : best));
}

/** Author part of the public id. */
export function authorOf(model: Model): string {
  return model.id.split('/', 1)[0] ?? model.id;
}

/** Prompt plus completion price in pico-USD per token; an unknown price is dearer than any known one. */
function listPrice({ price }: Endpoint): number {
  return price.prompt === null || price.completion === null ? Infinity : price.prompt + price.completion;
}

function endpointView(model: Model, endpoint: Endpoint, observed: ObservedEndpoints): JsonObject {
  const { dataPolicy } = endpoint;
  return {
    name: `${endpoint.provider.name} | ${model.id}`,
    model_id: model.id,
    model_name: model.name,
    provider_name: endpoint.provider.name,
    tag: endpoint.tag,
    quantization: endpoint.quantization,
    context_length: endpoint.contextLength ?? model.contextLength,
    max_completion_tokens: endpoint.maxOutputTokens ?? model.maxOutputTokens,
    max_prompt_tokens: null,
    pricing: pricingOf(endpoint.price, endpoint.priceTiers),
    supported_parameters: supportedBy([endpoint]),
    service_tier: endpoint.serviceTier,
    variant: endpoint.variant,
    data_policy: {
      trains: dataPolicy.trains,
      retains: dataPolicy.retains,
      zdr: dataPolicy.zdr,
      retention_days: dataPolicy.retentionDays,
      regions: dataPolicy.regions,
    },
    ...observationOf(endpoint, observed),
    supports_implicit_caching: false,
  };
}

/** Uptimes in percent, latency in milliseconds to the first token, throughput in tokens per second; `null` = nothing seen. */
function observationOf(endpoint: Endpoint, observed: ObservedEndpoints): JsonObject {
  const circuit = observed.circuitOf(endpoint);
  const history = observed.historyOf(endpoint);
  return {
    status: STATUS[circuit === 'closed' ? (observed.of(endpoint)?.band ?? 'healthy') : circuit],
    uptime_last_5m: percent(history.uptime5Min),
    uptime_last_30m: percent(history.uptime30Min),
    uptime_last_1d: percent(history.uptime1Day),
    latency_last_30m: roundedValues(history.latency30Min),
    throughput_last_30m: roundedValues(history.throughput30Min),
  };
}

function percent(share: number | null): number | null {
  return share === null ? null : rounded(share * 100);
}

function roundedValues(values: EndpointHistory['latency30Min']): JsonObject | null {
  if (values === null) return null;
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, rounded(value)]));
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

function architectureOf(model: Model): JsonObject {
  const { input, output } = model.modalities;
  return {
    modality: `${input.join('+')}->${output.join('+')}`,
    input_modalities: input,
    output_modalities: output,
    tokenizer: 'Other',
    instruct_type: null,
  };
}

function reasoningOf({ traits }: Model): JsonObject {
  const efforts = traits.efforts ?? [];
  const thinks = traits.thinking !== undefined && traits.thinking !== 'none';
  if (efforts.length === 0 && !thinks) return {};
  return { reasoning: { mandatory: traits.thinkingOptional === false, supported_efforts: efforts } };
}

function supportedBy(endpoints: readonly Endpoint[]): readonly string[] {
  return [...new Set(endpoints.flatMap((endpoint) => [...(endpoint.supportedParameters ?? [])]))].sort();
}
