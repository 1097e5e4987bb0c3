import type { DialectId } from './dialect.js';
import type { Price, PriceTier } from './price.js';

export const QUANTIZATIONS = [
  'int4',
  'int8',
  'fp4',
  'mxfp4',
  'nvfp4',
  'fp6',
  'fp8',
  'mxfp8',
  'fp16',
  'bf16',
  'fp32',
  'unknown',
] as const;
export type Quantization = (typeof QUANTIZATIONS)[number];

export const MODALITIES = ['text', 'image', 'audio', 'video', 'file'] as const;
export type Modality = (typeof MODALITIES)[number];

export const SERVICE_TIERS = ['default', 'flex', 'priority'] as const;
export type ServiceTier = (typeof SERVICE_TIERS)[number];

/** What a host does with prompts. `null` = unknown, which counts as the worst: it trains and it retains. */
export interface DataPolicy {
  readonly trains: boolean | null;
  readonly retains: boolean | null;
  /** Zero data retention. Only an explicit `true` qualifies. */
  readonly zdr: boolean | null;
  readonly retentionDays: number | null;
  /** Lower-case region codes (`us`, `eu`); empty = unknown. */
  readonly regions: readonly string[];
}

/** The upstream's secret. `apiKey` never leaves the process but in the one header it is meant for. */
export interface Credential {
  readonly id: string;
  readonly apiKey: string;
  readonly weight: number;
  /** What the provider grants this account; absent = not known, no limit of ours. */
  readonly limits?: AccountLimits;
  /** Headers that sign in with it, where that is not the dialect's own way. */
  readonly signIn?: Readonly<Record<string, string>>;
}

/** A provider's own limits on one account, so that Switchyard moves on before it is refused. `null` = none. */
export interface AccountLimits {
  readonly requestsPerMinute: number | null;
  readonly inputTokensPerMinute: number | null;
  readonly outputTokensPerMinute: number | null;
  readonly concurrency: number | null;
}

/** A company or host that serves models. */
export interface Provider {
  /** Base slug (`deepinfra`), matched by `order`, `only` and `ignore`. */
  readonly id: string;
  /** Display name (`DeepInfra`), matched without regard to case. */
  readonly name: string;
  /** Other slugs that policies and hints may use for it (`bedrock` for `amazon-bedrock`), matched like `id`. */
  readonly aliases?: readonly string[];
  readonly dialect: DialectId;
  readonly baseUrl: string;
  readonly credentials: readonly Credential[];
  /** False for hosts that need none (a local vLLM). */
  readonly needsCredential: boolean;
  readonly dataPolicy: DataPolicy;
  /** Id of the provider profile (deviations from the dialect, as data) in `libs/providers`. */
  readonly profile: string;
  /** Time-outs in milliseconds that replace the operator's, where set. */
  readonly timeouts: Partial<Timeouts>;
  /** Extra request headers: from the config, or the caller's where the account is the caller's. */
  readonly headers: Readonly<Record<string, string>>;
  /** Present in what one request sees of a provider where the caller's own account takes the place of the operator's. */
  readonly callers?: CallersAccount;
}

/** An account that a caller brought along. The operator pays nothing for it, and learns nothing from it about its own. */
export interface CallersAccount {
  /** Keyed digest of whose account it is and where: what is seen of it and its connections are kept apart under this name. */
  readonly scope: string;
  /** What the caller calls the provider: its entry in `provider_configs`. */
  readonly name: string;
  /** The host is the caller's choice too: nothing known of the provider holds there, and its every address is judged. */
  readonly ownHost: boolean;
}

/** Milliseconds. */
export interface Timeouts {
  readonly connectMs: number;
  readonly headersMs: number;
  readonly firstEventMs: number;
  /** The first event when the request asks for reasoning. */
  readonly reasoningFirstEventMs: number;
  /** Within which a stream must bring content. */
  readonly progressMs: number;
  /** How long comments and pings alone may keep a stream alive. */
  readonly pingsMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
}

/** One model at one provider: the thing routed to. */
export interface Endpoint {
  /** `deepinfra/turbo`; unique within its model. */
  readonly tag: string;
  readonly modelId: string;
  readonly provider: Provider;
  /** The model id in the provider's own words. */
  readonly upstreamModel: string;
  readonly quantization: Quantization | null;
  readonly price: Price;
  /** Ascending by `abovePromptTokens`. */
  readonly priceTiers: readonly PriceTier[];
  readonly contextLength: number | null;
  readonly maxOutputTokens: number | null;
  readonly modalities: { readonly input: readonly Modality[]; readonly output: readonly Modality[] };
  /** OpenRouter's names of `supported_parameters`; `null` = not stated. */
  readonly supportedParameters: ReadonlySet<string> | null;
  /** Not `default` only on tier endpoints, which are opt-in. */
  readonly serviceTier: ServiceTier;
  /** `free`, `extended`, ... when this endpoint belongs to a static variant of the model, else null. */
  readonly variant: string | null;
  /** The provider's policy with the endpoint's own fields over it. */
  readonly dataPolicy: DataPolicy;
  /** Tokens/s and seconds to first token, assumed until something was observed. */
  readonly prior: { readonly throughput: number | null; readonly latency: number | null };
  /** Lifetime in seconds of the endpoint's prompt cache. */
  readonly cacheTtlS: number;
  /** ISO date of when the facts were last checked; `null` for the operator's own entries, which never go stale. */
  readonly factsAsOf: string | null;
}

/** A model by its public id. */
export interface Model {
  /** `author/name`. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** Unix seconds, 0 = unknown. */
  readonly createdS: number;
  readonly aliases: readonly string[];
  /** Only an explicit `true` by the model's author qualifies for `enforce_distillable_text`. */
  readonly distillable: boolean | null;
  readonly contextLength: number | null;
  readonly maxOutputTokens: number | null;
  readonly modalities: { readonly input: readonly Modality[]; readonly output: readonly Modality[] };
  /** Per-model switches of the wire (thinking forms, sampling allowed, ...), as data. See `ModelTraits`. */
  readonly traits: ModelTraits;
  readonly endpoints: readonly Endpoint[];
}

/** Behaviour of a model that a translator must respect. Absent = the permissive default. */
export interface ModelTraits {
  /** Which `thinking` forms the model takes on the Anthropic dialect; absent = none known, send what was asked. */
  readonly thinking?: 'none' | 'budget' | 'adaptive' | 'both';
  /** False when the model cannot run with thinking disabled. */
  readonly thinkingOptional?: boolean;
  /** False when temperature, top_p and top_k are rejected. */
  readonly sampling?: boolean;
  /** False when a forced tool choice is rejected. */
  readonly forcedToolChoice?: boolean;
  /** Reasoning efforts accepted, in ascending order; empty = not a reasoning model. */
  readonly efforts?: readonly string[];
  /** True when `max_completion_tokens` must be used instead of `max_tokens`. */
  readonly maxCompletionTokens?: boolean;
  /** True when the system prompt goes out as role `developer`. */
  readonly developerRole?: boolean;
  /** False when a trailing assistant message (prefill) is rejected. */
  readonly prefill?: boolean;
  /** False when `output_config.format` / `response_format: json_schema` is not native. */
  readonly jsonSchema?: boolean;
  /** False when `stop` is rejected. */
  readonly stop?: boolean;
  /** True when a mid-conversation system message is accepted. */
  readonly midSystem?: boolean;
  /** False when function tools are accepted on the chat dialect only with reasoning switched off (gpt-5.6 and later). */
  readonly toolsWithReasoning?: boolean;
}

/** What a model id in a request resolved to. */
export interface ResolvedModel {
  readonly model: Model;
  /** Variant suffixes of the id as sent, without colons (`nitro`, `floor`, `free`, `extended`, ...). */
  readonly variants: readonly string[];
}

/** An immutable view of the catalogue; a request keeps the one it started with to its end. */
export interface CatalogSnapshot {
  /** Changes whenever any fact in it does. */
  readonly version: string;
  readonly models: readonly Model[];
  readonly providers: readonly Provider[];
  /** By public id, alias, native vendor id or bare id, with or without variants; `null` = unknown. */
  resolve(id: string): ResolvedModel | null;
  /** The provider a slug or display name names, ignoring case; `null` = unknown. */
  findProvider(slug: string): Provider | null;
}
