import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsPositive,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { each, IsBaseUrl, IsHeaders } from './checks.js';

/** Every dialect the configuration may name; those that Switchyard does not speak yet are left out of the snapshot. */
export const CONFIG_DIALECTS = [
  'anthropic-messages',
  'openai-chat',
  'openai-responses',
  'gemini',
  'bedrock-converse',
] as const;
export type ConfigDialect = (typeof CONFIG_DIALECTS)[number];

const SLUG = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const SLUG_EXPECTED = 'a slug: lower-case letters, digits, dots, dashes and underscores, at most 64';
const SECONDS = 'a number of seconds above 0, fractions allowed';

const LIMIT = 'a whole number above 0';
const LIMIT_MAX = 1_000_000_000_000;

/** What the provider grants one account. Switchyard passes an endpoint over rather than run into them. */
export class AccountLimitsEntry {
  @IsOptional()
  @IsInt({ message: LIMIT })
  @Min(1, { message: LIMIT })
  @Max(LIMIT_MAX, { message: LIMIT })
  requests_per_minute?: number;

  @IsOptional()
  @IsInt({ message: LIMIT })
  @Min(1, { message: LIMIT })
  @Max(LIMIT_MAX, { message: LIMIT })
  input_tokens_per_minute?: number;

  @IsOptional()
  @IsInt({ message: LIMIT })
  @Min(1, { message: LIMIT })
  @Max(LIMIT_MAX, { message: LIMIT })
  output_tokens_per_minute?: number;

  @IsOptional()
  @IsInt({ message: LIMIT })
  @Min(1, { message: LIMIT })
  @Max(1_000_000, { message: LIMIT })
  concurrency?: number;
}

/** The upstream's secret. */
export class CredentialEntry {
  @IsString({ message: 'a name for the credential' })
  @Length(1, 64, { message: '1 to 64 characters' })
  id!: string;

  /** Empty or null (an unset environment variable) = this credential is absent. */
  @ValidateIf((entry: CredentialEntry) => entry.api_key !== null)
  @IsString({ message: 'the API key as a string, or a variable such as ${PROVIDER_API_KEY}' })
  @Matches(/^[\x20-\x7e]*$/, { message: 'printable ASCII characters' })
  api_key!: string | null;

  /** Share of the traffic among the credentials of one provider. Default 1. */
  @IsOptional()
  @IsNumber({ allowNaN: false, allowInfinity: false }, { message: 'a number above 0' })
  @IsPositive({ message: 'a number above 0' })
  weight?: number;

  /** The provider's own limits on this account. Default: none known. */
  @IsOptional()
  @Type(() => AccountLimitsEntry)
  @IsObject({ message: 'a mapping of limits' })
  @ValidateNested()
  limits?: AccountLimitsEntry;
}

/** What a host does with prompts. A field that is absent or null is unknown, which counts as the worst. */
export class DataPolicyEntry {
  @IsOptional()
  @IsBoolean({ message: 'true, false, or absent when unknown' })
  trains?: boolean | null;

  @IsOptional()
  @IsBoolean({ message: 'true, false, or absent when unknown' })
  retains?: boolean | null;

  @IsOptional()
  @IsBoolean({ message: 'true, false, or absent when unknown' })
  zdr?: boolean | null;

  @IsOptional()
  @IsNumber({ allowNaN: false, allowInfinity: false }, { message: 'a number of days, 0 or more' })
  @Min(0, { message: 'a number of days, 0 or more' })
  retention_days?: number | null;

  @IsOptional()
  @IsArray({ message: 'a list of region codes' })
  @Matches(/^[A-Za-z0-9-]{2,32}$/, each('region codes such as us or eu'))
  regions?: string[] | null;

  /** Where the facts come from. */
  @IsOptional()
  @IsString({ message: 'where the policy is stated' })
  source?: string;
}

/** Time-outs that replace the operator's for one provider. Seconds. */
export class TimeoutsEntry {
  @IsOptional()
  @IsNumber({ allowNaN: false, allowInfinity: false }, { message: SECONDS })
  @IsPositive({ message: SECONDS })
  connect_s?: number;

  @IsOptional()
  @IsNumber({ allowNaN: false, allowInfinity: false }, { message: SECONDS })
  @IsPositive({ message: SECONDS })
  headers_s?: number;

  @IsOptional()
  @IsNumber({ allowNaN: false, allowInfinity: false }, { message: SECONDS })
  @IsPositive({ message: SECONDS })
  first_event_s?: number;

  @IsOptional()
  @IsNumber({ allowNaN: false, allowInfinity: false }, { message: SECONDS })
  @IsPositive({ message: SECONDS })
  first_event_reasoning_s?: number;

  @IsOptional()
  @IsNumber({ allowNaN: false, allowInfinity: false }, { message: SECONDS })
  @IsPositive({ message: SECONDS })
  progress_s?: number;

  @IsOptional()
  @IsNumber({ allowNaN: false, allowInfinity: false }, { message: SECONDS })
  @IsPositive({ message: SECONDS })
  pings_s?: number;

  @IsOptional()
  @IsNumber({ allowNaN: false, allowInfinity: false }, { message: SECONDS })
  @IsPositive({ message: SECONDS })
  idle_s?: number;

  @IsOptional()
  @IsNumber({ allowNaN: false, allowInfinity: false }, { message: SECONDS })
  @IsPositive({ message: SECONDS })
  total_s?: number;
}

/**
 * A company or host that serves models. `dialect` and `base_url` may be absent only where the entry overrides a built-in
 * provider of the same id; the snapshot reports what is still missing then.
 */
export class ProviderEntry {
  @Matches(SLUG, { message: SLUG_EXPECTED })
  id!: string;

  /** Display name; default: the id. */
  @IsOptional()
  @IsString({ message: 'a display name' })
  @Length(1, 64, { message: '1 to 64 characters' })
  name?: string;

  /** Other slugs the provider is known by in policies (`google-ai-studio`). */
  @IsOptional()
  @IsArray({ message: 'a list of slugs' })
  @Matches(SLUG, each(SLUG_EXPECTED))
  aliases?: string[];

  @IsOptional()
  @IsIn(CONFIG_DIALECTS, { message: `one of ${CONFIG_DIALECTS.join(', ')}` })
  dialect?: ConfigDialect;

  /** With `/v1` for the OpenAI dialects, without it for Anthropic's. */
  @IsOptional()
  @IsBaseUrl()
  base_url?: string;

  /** True when every account has its own base URL: the provider is left out until the operator's entry gives it. */
  @IsOptional()
  @IsBoolean({ message: 'true or false' })
  own_base_url?: boolean;

  @IsOptional()
  @IsArray({ message: 'a list of credentials' })
  @ValidateNested(each('a credential with id and api_key'))
  @Type(() => CredentialEntry)
  credentials?: CredentialEntry[];

  /** Environment variable that holds the credential when `credentials` names none. */
  @IsOptional()
  @Matches(/^[A-Z][A-Z0-9_]*$/, { message: 'the name of an environment variable' })
  credential_env?: string;

  /** False for hosts that need none (a local vLLM). Default true. */
  @IsOptional()
  @IsBoolean({ message: 'true or false' })
  needs_credential?: boolean;

  @IsOptional()
  @IsObject({ message: 'a map of trains, retains, zdr, retention_days and regions' })
  @ValidateNested({ message: 'a map of trains, retains, zdr, retention_days and regions' })
  @Type(() => DataPolicyEntry)
  data_policy?: DataPolicyEntry;

  /** Id of the provider profile with the host's deviations from its dialect. Default: the provider's id. */
  @IsOptional()
  @Matches(SLUG, { message: SLUG_EXPECTED })
  profile?: string;

  @IsOptional()
  @IsObject({ message: 'a map of connect_s, headers_s, first_event_s, idle_s and total_s' })
  @ValidateNested({ message: 'a map of connect_s, headers_s, first_event_s, idle_s and total_s' })
  @Type(() => TimeoutsEntry)
  timeouts?: TimeoutsEntry;

  /** Headers sent with every request to the provider. */
  @IsOptional()
  @IsHeaders()
  headers?: Record<string, string>;

  /** Where base URL and dialect are documented. */
  @IsOptional()
  @IsString({ message: 'where the facts are stated' })
  source?: string;
}
