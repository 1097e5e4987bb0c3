import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsISO8601,
  IsNumber,
  IsObject,
  IsOptional,
  IsPositive,
  IsString,
  Length,
  Matches,
  Min,
  ValidateNested,
} from 'class-validator';
import {
  MODALITIES,
  QUANTIZATIONS,
  SERVICE_TIERS,
  type Modality,
  type Quantization,
  type ServiceTier,
} from '@switchyard/contract';
import { each } from './checks.js';
import { PriceEntry, PriceTierEntry } from './price.entry.js';
import { DataPolicyEntry } from './provider.entry.js';

/** Forms of `thinking` a model may take. */
export const THINKING_FORMS = ['none', 'budget', 'adaptive', 'both'] as const;
/** Variants that are separate endpoints of a model. */
export const STATIC_VARIANTS = ['free', 'extended', 'thinking'] as const;

const TOKENS = 'a whole number of tokens, at least 1';
const SWITCH = 'true or false';

/** What goes in and what comes out. */
export class ModalitiesEntry {
  @IsArray({ message: `a list of ${MODALITIES.join(', ')}` })
  @IsIn(MODALITIES, each(`each one of ${MODALITIES.join(', ')}`))
  input!: Modality[];

  @IsOptional()
  @IsArray({ message: `a list of ${MODALITIES.join(', ')}` })
  @IsIn(MODALITIES, each(`each one of ${MODALITIES.join(', ')}`))
  output?: Modality[];
}

/** Behaviour of a model that a translator must respect. Absent = the permissive default. */
export class TraitsEntry {
  @IsOptional()
  @IsIn(THINKING_FORMS, { message: `one of ${THINKING_FORMS.join(', ')}` })
  thinking?: (typeof THINKING_FORMS)[number];

  /** False when the model cannot run with thinking disabled. */
  @IsOptional()
  @IsBoolean({ message: SWITCH })
  thinking_optional?: boolean;

  /** False when temperature, top_p and top_k are rejected. */
  @IsOptional()
  @IsBoolean({ message: SWITCH })
  sampling?: boolean;

  /** False when a forced tool choice is rejected. */
  @IsOptional()
  @IsBoolean({ message: SWITCH })
  forced_tool_choice?: boolean;

  /** Reasoning efforts accepted, in ascending order; empty = not a reasoning model. */
  @IsOptional()
  @IsArray({ message: 'a list of reasoning efforts in ascending order' })
  @Matches(/^[a-z]+$/, each('efforts such as low, medium, high'))
  efforts?: string[];

  /** True when `max_completion_tokens` must be used instead of `max_tokens`. */
  @IsOptional()
  @IsBoolean({ message: SWITCH })
  max_completion_tokens?: boolean;

  /** True when the system prompt goes out as role `developer`. */
  @IsOptional()
  @IsBoolean({ message: SWITCH })
  developer_role?: boolean;

  /** False when a trailing assistant message is rejected. */
  @IsOptional()
  @IsBoolean({ message: SWITCH })
  prefill?: boolean;

  /** False when a JSON schema for the output is not native. */
  @IsOptional()
  @IsBoolean({ message: SWITCH })
  json_schema?: boolean;

  /** False when `stop` is rejected. */
  @IsOptional()
  @IsBoolean({ message: SWITCH })
  stop?: boolean;

  /** True when a mid-conversation system message is accepted. */
  @IsOptional()
  @IsBoolean({ message: SWITCH })
  mid_system?: boolean;

  /** False when the chat dialect takes function tools only with reasoning switched off. */
  @IsOptional()
  @IsBoolean({ message: SWITCH })
  tools_with_reasoning?: boolean;
}

/** What is assumed of an endpoint's speed until something was observed. */
export class PriorEntry {
  /** Tokens per second. */
  @IsOptional()
  @IsNumber({ allowNaN: false, allowInfinity: false }, { message: 'tokens per second, above 0' })
  @IsPositive({ message: 'tokens per second, above 0' })
  throughput?: number | null;

  /** Seconds to the first token. */
  @IsOptional()
  @IsNumber({ allowNaN: false, allowInfinity: false }, { message: 'seconds to the first token, above 0' })
  @IsPositive({ message: 'seconds to the first token, above 0' })
  latency?: number | null;
}

/** One model at one provider: the thing routed to. */
export class EndpointEntry {
  /** Id of the provider. */
  @IsString({ message: 'the id of a provider' })
  @Length(1, 64, { message: 'the id of a provider' })
  provider!: string;

  /** `<provider>` or `<provider>/<name>`, unique within the model. Default: the provider's id. */
  @IsOptional()
  @Matches(/^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)?$/, {
    message: 'the provider id, or the provider id, a slash and a name in lower case',
  })
  tag?: string;

  /** The model id in the provider's own words. Default: the public id of the model. */
  @IsOptional()
  @IsString({ message: 'a model id of the provider' })
  @Length(1, 256, { message: '1 to 256 characters' })
  upstream_model?: string;

  @IsOptional()
  @IsIn(QUANTIZATIONS, { message: `one of ${QUANTIZATIONS.join(', ')}` })
  quantization?: Quantization | null;

  @IsOptional()
  @IsObject({ message: 'a map of prices in USD per million tokens' })
  @ValidateNested({ message: 'a map of prices in USD per million tokens' })
  @Type(() => PriceEntry)
  price?: PriceEntry;

  /** Ascending by `above_prompt_tokens`. */
  @IsOptional()
  @IsArray({ message: 'a list of price tiers' })
  @ValidateNested(each('a price tier with above_prompt_tokens'))
  @Type(() => PriceTierEntry)
  price_tiers?: PriceTierEntry[];

  /** Absent = not stated. */
  @IsOptional()
  @IsArray({ message: 'a list of parameter names' })
  @Matches(/^[a-z][a-z0-9_]*$/, each('parameter names such as tools, seed, max_tokens'))
  supported_parameters?: string[] | null;

  /** Only on tier endpoints, which are opt-in. Default: default. */
  @IsOptional()
  @IsIn(SERVICE_TIERS, { message: `one of ${SERVICE_TIERS.join(', ')}` })
  service_tier?: ServiceTier;

  /** The static variant of the model that the endpoint belongs to. */
  @IsOptional()
  @IsIn(STATIC_VARIANTS, { message: `one of ${STATIC_VARIANTS.join(', ')}` })
  variant?: (typeof STATIC_VARIANTS)[number] | null;

  /** Overrides the provider's, field by field. */
  @IsOptional()
  @IsObject({ message: 'a map of trains, retains, zdr, retention_days and regions' })
  @ValidateNested({ message: 'a map of trains, retains, zdr, retention_days and regions' })
  @Type(() => DataPolicyEntry)
  data_policy?: DataPolicyEntry;

  @IsOptional()
  @IsObject({ message: 'a map of throughput (tokens/s) and latency (s)' })
  @ValidateNested({ message: 'a map of throughput (tokens/s) and latency (s)' })
  @Type(() => PriorEntry)
  prior?: PriorEntry;

  /** Default: the model's. */
  @IsOptional()
  @IsInt({ message: TOKENS })
  @Min(1, { message: TOKENS })
  context_length?: number | null;

  /** Default: the model's. */
  @IsOptional()
  @IsInt({ message: TOKENS })
  @Min(1, { message: TOKENS })
  max_output_tokens?: number | null;

  /** Default: the model's. */
  @IsOptional()
  @IsObject({ message: 'a map of input and output' })
  @ValidateNested({ message: 'a map of input and output' })
  @Type(() => ModalitiesEntry)
  modalities?: ModalitiesEntry;

  /** Lifetime of the endpoint's prompt cache in seconds. Default 300. */
  @IsOptional()
  @IsInt({ message: 'a whole number of seconds, 0 or more' })
  @Min(0, { message: 'a whole number of seconds, 0 or more' })
  cache_ttl_s?: number;

  /** When the facts were last checked. Absent on the operator's own entries, which never go stale. */
  @IsOptional()
  @IsISO8601({ strict: true }, { message: 'a date such as 2026-07-02' })
  facts_as_of?: string;

  /** Where the facts come from. */
  @IsOptional()
  @IsString({ message: 'where the facts are stated' })
  source?: string;
}

/** A model by its public id. */
export class ModelEntry {
  @Matches(/^[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._-]*$/, {
    message: 'author/name in letters, digits, dots, dashes and underscores',
  })
  @Length(3, 128, { message: 'at most 128 characters' })
  id!: string;

  /** Display name; default: the id. */
  @IsOptional()
  @IsString({ message: 'a display name' })
  name?: string;

  @IsOptional()
  @IsString({ message: 'a description' })
  description?: string;

  /** When the model was released. */
  @IsOptional()
  @IsISO8601({ strict: true }, { message: 'a date such as 2026-05-28' })
  created?: string;

  /** Other ids the model answers to. */
  @IsOptional()
  @IsArray({ message: 'a list of ids' })
  @Matches(/^[\x21-\x7e]{1,128}$/, each('ids without spaces, at most 128 characters'))
  aliases?: string[];

  /** Only an explicit true by the model's author. Absent = not stated. */
  @IsOptional()
  @IsBoolean({ message: 'true, false, or absent when not stated' })
  distillable?: boolean | null;

  @IsOptional()
  @IsInt({ message: TOKENS })
  @Min(1, { message: TOKENS })
  context_length?: number | null;

  @IsOptional()
  @IsInt({ message: TOKENS })
  @Min(1, { message: TOKENS })
  max_output_tokens?: number | null;

  /** Default: text in, text out. */
  @IsOptional()
  @IsObject({ message: 'a map of input and output' })
  @ValidateNested({ message: 'a map of input and output' })
  @Type(() => ModalitiesEntry)
  modalities?: ModalitiesEntry;

  @IsOptional()
  @IsObject({ message: 'a map of model traits' })
  @ValidateNested({ message: 'a map of model traits' })
  @Type(() => TraitsEntry)
  traits?: TraitsEntry;

  @IsOptional()
  @IsArray({ message: 'a list of endpoints' })
  @ValidateNested(each('an endpoint with provider'))
  @Type(() => EndpointEntry)
  endpoints?: EndpointEntry[];
}
