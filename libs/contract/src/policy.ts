import type { Quantization } from './catalog.js';
import type { JsonObject } from './json.js';

/** Who laid down a rule. Later layers may narrow what earlier ones allow, never widen it. */
export const POLICY_LAYERS = ['operator', 'tenant', 'key', 'request'] as const;
export type PolicyLayer = (typeof POLICY_LAYERS)[number];

export const SORT_KEYS = ['price', 'throughput', 'latency', 'exacto'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

export interface Percentiles {
  readonly p50?: number;
  readonly p75?: number;
  readonly p90?: number;
  readonly p99?: number;
}

/** Caps, inclusive. `prompt` and `completion` in USD per million tokens, `request` and `image` in USD each, `audio` in USD per token. */
export interface MaxPrice {
  readonly prompt?: number;
  readonly completion?: number;
  readonly request?: number;
  readonly image?: number;
  readonly audio?: number;
}

/** The rules of one layer: a `policy` of the configuration, or the hints of a request. Absent = no rule. */
export interface PolicyRules {
  /** Provider or endpoint slugs. */
  readonly only?: readonly string[];
  readonly ignore?: readonly string[];
  readonly order?: readonly string[];
  readonly allowFallbacks?: boolean;
  readonly sort?: SortKey;
  readonly partition?: 'model' | 'none';
  readonly zdr?: boolean;
  readonly dataCollection?: 'allow' | 'deny';
  readonly enforceDistillableText?: boolean;
  readonly requireParameters?: boolean;
  readonly quantizations?: readonly Quantization[];
  readonly maxPrice?: MaxPrice;
  /** Tokens per second. */
  readonly preferredMinThroughput?: Percentiles;
  /** Seconds. */
  readonly preferredMaxLatency?: Percentiles;
  /** Region codes data may be processed in. */
  readonly regions?: readonly string[];
  /** Globs over model ids a caller may use (`acme/*`). Not the `models` of a request: those are in `RoutingHints.models`. */
  readonly models?: readonly string[];
  readonly sticky?: boolean;
}

/** What a request asks of the router: its own rules, and the fields that are not rules. */
export interface RoutingHints {
  readonly rules: PolicyRules;
  /** Fallback models in priority order, `model` itself not included. */
  readonly models: readonly string[];
  /** As sent; `null` = absent. */
  readonly serviceTier: string | null;
  readonly sessionId: string | null;
  /** `provider_configs` as sent, when it has entries: needs the `byok` permission before it is read. */
  readonly providerConfigs: JsonObject | null;
  /** Remarks for the routing metadata (G19 and the like). */
  readonly warnings: readonly string[];
}

export const AUTH_TYPES = ['bearer', 'api_key', 'basic', 'custom'] as const;
export type AuthType = (typeof AUTH_TYPES)[number];

/** One entry of `provider_configs`: a caller's own account at a provider, or a provider of the caller's. `null` = not set. Never logged, shown or kept. */
export interface ProviderConfig {
  /** The key of the entry, as sent. */
  readonly name: string;
  readonly apiKey: string | null;
  /** As sent: to be judged before it is used. Never without `apiKey`. */
  readonly baseUrl: string | null;
  /** How `apiKey` signs in; `null` = in the dialect's own way. */
  readonly authType: AuthType | null;
  /** Lower case; always set with `custom`. */
  readonly authHeaderName: string | null;
  /** Names in lower case. Empty without `apiKey`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number | null;
  /** Requests per minute; never without `apiKey`. */
  readonly rateLimitRpm: number | null;
}
