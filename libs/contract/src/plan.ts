import type { DialectId, Protocol } from './dialect.js';
import type { Endpoint, Modality, Model } from './catalog.js';
import type { ErrorCode } from './errors.js';
import type { JsonObject } from './json.js';
import type { PolicyLayer } from './policy.js';

/** What planning needs to know of a request, and nothing else: no content ever gets in here. */
export interface RequestFacts {
  readonly protocol: Protocol;
  /** Model ids as sent (`model` first, then `models`), variants and all. */
  readonly models: readonly string[];
  /** Parameters the request uses, in the words of `supported_parameters`: `tools`, `seed`, ... */
  readonly parameters: readonly string[];
  /** Input modalities the content needs; `text` always. */
  readonly inputModalities: readonly Modality[];
  readonly outputModalities: readonly Modality[];
  /** Parameters that the translation to a dialect would have to drop, per dialect that is not the request's own. */
  readonly inexpressible: Readonly<Partial<Record<DialectId, readonly string[]>>>;
  readonly promptTokensEstimate: number;
  /** The largest of the declared limits; `null` = none declared. */
  readonly maxOutputTokens: number | null;
  readonly images: number;
  readonly stream: boolean;
  /** As sent; `null` = absent. */
  readonly serviceTier: string | null;
  /** True when spending is bounded by a budget: an endpoint whose price is not known cannot serve the request. */
  readonly needsKnownPrice?: boolean;
  /** Anthropic's `speed: fast` asks for the priority tier as well. */
  readonly speed: string | null;
}

/** Recent behaviour of one endpoint, as ranking sees it. Percentiles are over the last five minutes. */
export interface EndpointHealth {
  /** `outage`: significant errors within the last 30 s, tried last. `degraded` and `down`: OpenRouter's uptime bands. */
  readonly band: 'healthy' | 'degraded' | 'down' | 'outage';
  /** Ejected or half-open: rejected with `circuit_open` while another candidate is left. */
  readonly circuitOpen: boolean;
  /** Tokens per second; falls as p rises (p90 = what 90 % of requests reach). */
  readonly throughput: Partial<Record<'p50' | 'p75' | 'p90' | 'p99', number>> | null;
  /** Seconds to first token. */
  readonly latency: Partial<Record<'p50' | 'p75' | 'p90' | 'p99', number>> | null;
  /** Fraction 0..1 of tool calls that were well formed; `null` = too few seen. */
  readonly toolSuccess: number | null;
}

export interface HealthView {
  /** Changes whenever an answer of `of` may have changed; keys the plan cache. */
  readonly epoch: number;
  /** `null` = nothing observed yet. */
  of(endpoint: Endpoint): EndpointHealth | null;
}

/** `excluded_by` words: OpenRouter's, and Switchyard's own for what those have no word for. */
export const REASON_CODES = [
  'geo',
  'data_region',
  'data_policy:zdr',
  'data_policy:training',
  'max_price',
  'context_length',
  'require_parameters',
  'quantization',
  'allowed_providers',
  'ignored_providers',
  'distillable_text',
  'modality',
  'tools',
  'model_not_allowed',
  'circuit_open',
  'credential_missing',
  'price_unknown',
  'data_stale',
  'service_tier',
  'variant',
  'fallbacks_disabled',
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

export interface Reason {
  readonly code: ReasonCode;
  /** The layer whose rule excluded the endpoint; `null` when no policy rule did (a missing credential, a full context). */
  readonly layer: PolicyLayer | null;
  /** A sentence with both operands ("prompt price 3 USD/M is above the cap of 1 USD/M"). */
  readonly detail: string;
}

export interface Rejection {
  readonly model: string;
  readonly provider: string;
  readonly endpoint: string;
  readonly reasons: readonly Reason[];
}

export interface PlannedAttempt {
  /** 1-based. */
  readonly rank: number;
  readonly model: Model;
  readonly endpoint: Endpoint;
  readonly expectedCostUsd: number;
  readonly worstCaseCostUsd: number;
  /** Probability that this endpoint leads a plan made of the same inputs with another seed. */
  readonly firstChoiceProbability: number;
  readonly because: readonly string[];
}

/** A refusal to plan, in the words of the error table. */
export interface PlanError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly availability: JsonObject;
}

export interface Plan {
  readonly catalogVersion: string;
  readonly policyHash: string;
  readonly seed: number;
  readonly facts: RequestFacts;
  readonly attempts: readonly PlannedAttempt[];
  readonly rejected: readonly Rejection[];
  /** Not null exactly when `attempts` is empty. */
  readonly error: PlanError | null;
  readonly warnings: readonly string[];
  /** Slugs in the hints that name no provider (G10). */
  readonly unknownProviders: readonly string[];
  /** True when a failure of one attempt may lead to the next (`allow_fallbacks`). */
  readonly strategy: 'direct' | 'fallback';
}
