import {
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsIn,
  IsNumber,
  IsOptional,
  IsString,
  Length,
  Matches,
  Min,
} from 'class-validator';
import { QUANTIZATIONS, SORT_KEYS } from '@switchyard/contract';
import type { MaxPrice, Percentiles, PolicyRules, Quantization, SortKey } from '@switchyard/contract';
import { Doc, Section, Shape } from './checks.js';

const PERCENTILES = ['p50', 'p75', 'p90', 'p99'] as const;

const PERCENTILE_RULE = {
  schema: {
    anyOf: [
      { type: 'number', minimum: 0 },
      {
        type: 'object',
        properties: Object.fromEntries(PERCENTILES.map((name) => [name, { type: 'number', minimum: 0 }])),
        additionalProperties: false,
        minProperties: 1,
      },
    ],
  },
  expected: `a number of at least 0, or a mapping of ${PERCENTILES.join(', ')} to such numbers`,
  accepts: isPercentiles,
};

/** Price caps, both sides included: USD per million tokens for `prompt` and `completion`, USD each for the rest. */
export class MaxPriceSection {
  @IsOptional()
  @IsNumber()
  @Min(0)
  prompt?: number;

  @IsOptional()
  @IsNumber()
  @Min(0)
  completion?: number;

  @IsOptional()
  @IsNumber()
  @Min(0)
  request?: number;

  @IsOptional()
  @IsNumber()
  @Min(0)
  image?: number;

  @IsOptional()
  @IsNumber()
  @Min(0)
  audio?: number;
}

/** The rules of one layer, under the short names of the configuration. */
export class PolicySection {
  @Doc('Only these providers or endpoints. An empty list is refused: it could mean everything or nothing.')
  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @IsString({ each: true })
  @Length(1, 128, { each: true })
  only?: string[];

  @Doc('Never these providers or endpoints.')
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  @Length(1, 128, { each: true })
  ignore?: string[];

  @Doc('These providers or endpoints first, in this order.')
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  @Length(1, 128, { each: true })
  order?: string[];

  @Doc('False: no endpoint beyond the first choice, or beyond `order`.')
  @IsOptional()
  @IsBoolean()
  allow_fallbacks?: boolean;

  @Doc('Strict order instead of the weighted draw.')
  @IsOptional()
  @IsIn(SORT_KEYS)
  sort?: SortKey;

  @Doc('Whether `sort` works inside each model of a request (model) or over all of them (none).')
  @IsOptional()
  @IsIn(['model', 'none'])
  partition?: 'model' | 'none';

  @Doc('True: only endpoints with zero data retention.')
  @IsOptional()
  @IsBoolean()
  zdr?: boolean;

  @Doc('deny: only endpoints that do not train on prompts.')
  @IsOptional()
  @IsIn(['allow', 'deny'])
  data_collection?: 'allow' | 'deny';

  @Doc('True: only models whose author allows training on their output.')
  @IsOptional()
  @IsBoolean()
  enforce_distillable_text?: boolean;

  @Doc('True: only endpoints that take every parameter of the request.')
  @IsOptional()
  @IsBoolean()
  require_parameters?: boolean;

  @Doc('Only endpoints that run the model at one of these precisions.')
  @IsOptional()
  @IsArray()
  @IsIn(QUANTIZATIONS, { each: true })
  quantizations?: Quantization[];

  @Doc('Price caps: USD per million tokens for prompt and completion, USD each for the rest.')
  @Section(() => MaxPriceSection)
  max_price?: MaxPriceSection;

  @Doc('Tokens per second; slower endpoints are tried last.')
  @IsOptional()
  @Shape(PERCENTILE_RULE)
  preferred_min_throughput?: number | Percentiles;

  @Doc('Seconds to the first token; slower endpoints are tried last.')
  @IsOptional()
  @Shape(PERCENTILE_RULE)
  preferred_max_latency?: number | Percentiles;

  @Doc('Only endpoints that process data in one of these regions.')
  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @Matches(/^[A-Za-z0-9-]{2,32}$/, { each: true, message: 'a region code such as us or eu' })
  regions?: string[];

  @Doc('Models that may be used: ids, or patterns such as acme/*.')
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  @Length(1, 128, { each: true })
  models?: string[];

  @Doc('False: never prefer the endpoint whose prompt cache is warm.')
  @IsOptional()
  @IsBoolean()
  sticky?: boolean;
}

/** The rules as the policy engine takes them. A single number for a percentile preference means the median. */
export function policyRules(section: PolicySection): PolicyRules {
  return stated<PolicyRules>({
    only: section.only,
    ignore: nonEmpty(section.ignore),
    order: nonEmpty(section.order),
    allowFallbacks: section.allow_fallbacks,
    sort: section.sort,
    partition: section.partition,
    zdr: section.zdr,
    dataCollection: section.data_collection,
    enforceDistillableText: section.enforce_distillable_text,
    requireParameters: section.require_parameters,
    quantizations: nonEmpty(section.quantizations),
    maxPrice: section.max_price && maxPrice(section.max_price),
    preferredMinThroughput: percentiles(section.preferred_min_throughput),
    preferredMaxLatency: percentiles(section.preferred_max_latency),
    regions: section.regions?.map((region) => region.toLowerCase()),
    models: nonEmpty(section.models),
    sticky: section.sticky,
  });
}

function maxPrice({ prompt, completion, request, image, audio }: MaxPriceSection): MaxPrice {
  return stated<MaxPrice>({ prompt, completion, request, image, audio });
}

function percentiles(preference: number | Percentiles | null | undefined): Percentiles | undefined {
  if (preference === null || preference === undefined) return undefined;
  return typeof preference === 'number' ? { p50: preference } : preference;
}

/** An empty list says nothing, like an absent one. */
function nonEmpty<T>(list: readonly T[] | null | undefined): readonly T[] | undefined {
  return list === null || list === undefined || list.length === 0 ? undefined : list;
}

type Unstated<T> = { readonly [K in keyof T]: T[K] | null | undefined };

/** The members that say something. */
function stated<T extends object>(members: Unstated<T>): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== null)) as T;
}

function isPercentiles(value: unknown): boolean {
  if (isAmount(value)) return true;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const members = Object.entries(value);
  return (
    members.length > 0 &&
    members.every(([name, amount]) => PERCENTILES.some((known) => known === name) && isAmount(amount))
  );
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
