import 'reflect-metadata';
import { QUANTIZATIONS, SORT_KEYS, isJsonObject } from '@switchyard/contract';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsOptional,
  IsString,
  Length,
  MaxLength,
  ValidateBy,
} from 'class-validator';

/** Longest list of slugs a request may carry. More than any catalogue has providers; a bound on the work a body can cause. */
const MAX_SLUGS = 256;
const MAX_SLUG_LENGTH = 128;
const MAX_SESSION_ID_LENGTH = 256;

const DECIMAL = /^\d{1,30}(\.\d{1,30})?$/;
const PERCENTILES = ['p50', 'p75', 'p90', 'p99'];

const BOOLEAN = { message: 'must be true or false' };

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/** A price in USD: a finite number of at least 0, or a decimal string (OpenRouter's SDK sends strings). */
function IsPrice(): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isPrice',
      validator: { validate: (value) => isAmount(value) || (typeof value === 'string' && DECIMAL.test(value.trim())) },
    },
    { message: 'must be a number of USD, at least 0 and finite' },
  );
}

/** A cut-off for the median, or an object of cut-offs by percentile. `null` inside the object is an absent cut-off. */
function IsPercentiles(): PropertyDecorator {
  const validate = (value: unknown): boolean =>
    isAmount(value) ||
    (isJsonObject(value) &&
      Object.entries(value).every(([key, cut]) => PERCENTILES.includes(key) && (cut === null || isAmount(cut))));
  return ValidateBy(
    { name: 'isPercentiles', validator: { validate } },
    { message: `must be a number of at least 0, or an object of such numbers by ${PERCENTILES.join(', ')}` },
  );
}

function IsJsonObject(): PropertyDecorator {
  return ValidateBy(
    { name: 'isJsonObject', validator: { validate: isJsonObject } },
    { message: 'must be an object or null' },
  );
}

/** A list of provider slugs, endpoint tags or display names. */
function IsSlugs(): PropertyDecorator {
  const blank = (value: unknown): boolean => typeof value === 'string' && value.trim() === '';
  const tooLong = `may not hold a slug longer than ${MAX_SLUG_LENGTH} characters`;
  // As stacked decorators would register: the most basic rule last.
  return (target, property) => {
    ValidateBy(
      { name: 'isNotBlank', validator: { validate: (value) => !blank(value) } },
      { each: true, message: 'may not hold an empty slug' },
    )(target, property);
    MaxLength(MAX_SLUG_LENGTH, { each: true, message: tooLong })(target, property);
    IsString({ each: true, message: 'must be a list of strings' })(target, property);
    ArrayMaxSize(MAX_SLUGS, { message: `may name at most ${MAX_SLUGS} slugs` })(target, property);
    IsArray({ message: 'must be a list of provider or endpoint slugs' })(target, property);
  };
}

function IsOneOf(values: readonly string[]): PropertyDecorator {
  return IsIn(values, { message: `must be one of ${values.join(', ')}` });
}

/** A flag, true or false; absent and `null` are the same. */
function IsFlag(): PropertyDecorator {
  return (target, property) => {
    IsOptional()(target, property);
    IsBoolean(BOOLEAN)(target, property);
  };
}

/**
 * The routing rules of a request. A property `x` is the flat body field `provider_x`, and the same name inside the
 * nested `provider` object, save for `sort_partition` (`sort.partition`) and the prices (`max_price.*`). These classes
 * are the one place where types, enums and bounds are stated; the check of the hot path is compiled from them.
 */
export class ProviderHints {
  @IsOptional()
  @IsSlugs()
  order?: unknown;

  /** An empty allowlist is ambiguous (nobody, or no rule?), so it is refused instead of guessed at. */
  @IsOptional()
  @IsSlugs()
  @ArrayMinSize(1, { message: 'is empty, which could mean anyone or no one: leave it out or name a provider' })
  only?: unknown;

  @IsOptional()
  @IsSlugs()
  ignore?: unknown;

  @IsFlag()
  allow_fallbacks?: unknown;

  @IsOptional()
  @IsOneOf(SORT_KEYS)
  sort?: unknown;

  @IsOptional()
  @IsOneOf(['model', 'none'])
  sort_partition?: unknown;

  @IsOptional()
  @IsOneOf(['allow', 'deny'])
  data_collection?: unknown;

  @IsFlag()
  zdr?: unknown;

  @IsFlag()
  enforce_distillable_text?: unknown;

  @IsFlag()
  require_parameters?: unknown;

  @IsOptional()
  @IsArray({ message: 'must be a list of quantizations' })
  @ArrayMaxSize(MAX_SLUGS, { message: `may name at most ${MAX_SLUGS} quantizations` })
  @IsIn(QUANTIZATIONS, { each: true, message: `may only hold ${QUANTIZATIONS.join(', ')}` })
  quantizations?: unknown;

  /** USD per million prompt tokens. */
  @IsOptional()
  @IsPrice()
  max_prompt_price?: unknown;

  /** USD per million completion tokens. */
  @IsOptional()
  @IsPrice()
  max_completion_price?: unknown;

  /** USD per request. */
  @IsOptional()
  @IsPrice()
  max_request_price?: unknown;

  /** USD per image. */
  @IsOptional()
  @IsPrice()
  max_image_price?: unknown;

  /** USD per audio token. */
  @IsOptional()
  @IsPrice()
  max_audio_price?: unknown;

  /** Tokens per second. */
  @IsOptional()
  @IsPercentiles()
  preferred_min_throughput?: unknown;

  /** Seconds. */
  @IsOptional()
  @IsPercentiles()
  preferred_max_latency?: unknown;

  @IsFlag()
  sticky?: unknown;
}

/** The other top-level fields of a body that are addressed to the router. */
export class BodyHints {
  /** OpenRouter's nested form of `ProviderHints`. */
  @IsOptional()
  @IsJsonObject()
  provider?: unknown;

  @IsOptional()
  @IsArray({ message: 'must be a list of model ids' })
  @IsString({ each: true, message: 'must be a list of strings' })
  @Length(1, 256, { each: true, message: 'may not hold an empty or overlong model id' })
  models?: unknown;

  /** `[{ "model": id }]`, another spelling of `models`. Entries are looked into one by one, to name the one at fault. */
  @IsOptional()
  @IsArray({ message: 'must be a list of objects with a model each' })
  fallbacks?: unknown;

  @IsOptional()
  @IsOneOf(['fallback', 'sort'])
  route?: unknown;

  @IsOptional()
  @IsString({ message: 'must be a string' })
  @MaxLength(MAX_SESSION_ID_LENGTH, { message: `must be at most ${MAX_SESSION_ID_LENGTH} characters` })
  session_id?: unknown;

  @IsOptional()
  @IsJsonObject()
  provider_configs?: unknown;
}
