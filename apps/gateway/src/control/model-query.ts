import { IsIn, IsOptional, Matches } from 'class-validator';
import type { Endpoint } from '@switchyard/contract';
import { PICO_PER_TOKEN_AT_USD_PER_MILLION } from '@switchyard/contract';
import type { ListWindow } from './anthropic-shape.js';
import type { PermittedModel } from './model-access.js';
import { authorOf, cheapestOf } from './openrouter-shape.js';

const PAGE_SIZE = { message: 'a whole number from 1 to 1000' };
const PAGE_SIZE_FORM = /^(?:[1-9]\d{0,2}|1000)$/;
const WHOLE = { message: 'a whole number of at least 0' };
const WHOLE_FORM = /^\d{1,15}$/;
const AMOUNT = { message: 'an amount in USD per million tokens' };
const AMOUNT_FORM = /^\d{1,9}(?:\.\d{1,9})?$/;
const WORDS = { message: 'names separated by commas' };
const WORDS_FORM = /^[A-Za-z0-9][A-Za-z0-9._/-]*(?:,[A-Za-z0-9][A-Za-z0-9._/-]*)*$/;
const ID = { message: 'a model id' };
const ID_FORM = /^[\x21-\x7e]{1,256}$/;
const SORTS = ['pricing-low-to-high', 'pricing-high-to-low', 'context-high-to-low', 'newest'] as const;

/** The query of `GET /v1/models`, as text. */
export class ModelQuery {
  @IsOptional()
  @Matches(PAGE_SIZE_FORM, PAGE_SIZE)
  limit?: string;

  @IsOptional()
  @Matches(WHOLE_FORM, WHOLE)
  offset?: string;

  /** Part of an id or a name, ignoring case. */
  @IsOptional()
  @Matches(/^.{1,200}$/, { message: 'at most 200 characters' })
  q?: string;

  @IsOptional()
  @Matches(WORDS_FORM, WORDS)
  supported_parameters?: string;

  @IsOptional()
  @Matches(WORDS_FORM, WORDS)
  input_modalities?: string;

  @IsOptional()
  @Matches(WORDS_FORM, WORDS)
  output_modalities?: string;

  @IsOptional()
  @Matches(WORDS_FORM, WORDS)
  providers?: string;

  @IsOptional()
  @Matches(WORDS_FORM, WORDS)
  model_authors?: string;

  /** Least context length in tokens. */
  @IsOptional()
  @Matches(WHOLE_FORM, WHOLE)
  context?: string;

  @IsOptional()
  @Matches(AMOUNT_FORM, AMOUNT)
  min_price?: string;

  @IsOptional()
  @Matches(AMOUNT_FORM, AMOUNT)
  max_price?: string;

  @IsOptional()
  @Matches(AMOUNT_FORM, AMOUNT)
  min_output_price?: string;

  @IsOptional()
  @Matches(AMOUNT_FORM, AMOUNT)
  max_output_price?: string;

  @IsOptional()
  @IsIn(['true', 'false'], { message: 'true or false' })
  zdr?: string;

  @IsOptional()
  @IsIn(['true', 'false'], { message: 'true or false' })
  distillable?: string;

  @IsOptional()
  @Matches(/^[A-Za-z0-9-]{2,32}$/, { message: 'a region code such as us or eu' })
  region?: string;

  @IsOptional()
  @IsIn(SORTS, { message: `one of ${SORTS.join(', ')}` })
  sort?: (typeof SORTS)[number];
}

/** The query of an Anthropic client. */
export class AnthropicModelQuery {
  @IsOptional()
  @Matches(PAGE_SIZE_FORM, PAGE_SIZE)
  limit?: string;

  @IsOptional()
  @Matches(ID_FORM, ID)
  after_id?: string;

  @IsOptional()
  @Matches(ID_FORM, ID)
  before_id?: string;
}

const ANTHROPIC_PAGE_SIZE = 20;

export function listWindow(query: AnthropicModelQuery): ListWindow {
  return {
    limit: Number(query.limit ?? ANTHROPIC_PAGE_SIZE),
    afterId: query.after_id ?? null,
    beforeId: query.before_id ?? null,
  };
}

/** The models a query asks for, in the order it asks for. What speaks of endpoints narrows the endpoints of each model. */
export function selectModels(models: readonly PermittedModel[], query: ModelQuery): readonly PermittedModel[] {
  const selected = models.flatMap(({ model, endpoints }) => {
    const left = endpoints.filter((endpoint) => servesAsAsked(endpoint, query));
    const candidate = { model, endpoints: left };
    return left.length > 0 && isAskedFor(candidate, query) ? [candidate] : [];
  });
  return query.sort === undefined ? selected : [...selected].sort(ORDERS[query.sort]);
}

/** One page of OpenRouter's listing; everything when neither `limit` nor `offset` was given. */
export function pageOf<T>(
  items: readonly T[],
  query: ModelQuery,
): { readonly page: readonly T[]; readonly nextOffset: number | null } {
  if (query.limit === undefined && query.offset === undefined) return { page: items, nextOffset: null };
  const start = Number(query.offset ?? 0);
  const end = start + Number(query.limit ?? 500);
  return { page: items.slice(start, end), nextOffset: end < items.length ? end : null };
}

const ORDERS: Readonly<Record<(typeof SORTS)[number], (a: PermittedModel, b: PermittedModel) => number>> = {
  'pricing-low-to-high': (a, b) => priceOf(a) - priceOf(b) || 0,
  'pricing-high-to-low': (a, b) => knownFirst(priceOf(b)) - knownFirst(priceOf(a)) || 0,
  'context-high-to-low': (a, b) => (b.model.contextLength ?? 0) - (a.model.contextLength ?? 0),
  newest: (a, b) => b.model.createdS - a.model.createdS,
};

function servesAsAsked(endpoint: Endpoint, query: ModelQuery): boolean {
  const { zdr, region, providers, supported_parameters: parameters } = query;
  if (zdr === 'true' && endpoint.dataPolicy.zdr !== true) return false;
  if (region !== undefined && !endpoint.dataPolicy.regions.includes(region.toLowerCase())) return false;
  if (providers !== undefined && !wordsOf(providers).some((slug) => names(endpoint, slug))) return false;
  return (
    parameters === undefined || wordsOf(parameters).every((name) => endpoint.supportedParameters?.has(name) === true)
  );
}

function isAskedFor(candidate: PermittedModel, query: ModelQuery): boolean {
  const { model, endpoints } = candidate;
  const { q, distillable, context } = query;
  if (q !== undefined && !`${model.id} ${model.name}`.toLowerCase().includes(q.toLowerCase())) return false;
  if (distillable !== undefined && (model.distillable === true) !== (distillable === 'true')) return false;
  if (query.model_authors !== undefined && !wordsOf(query.model_authors).includes(authorOf(model).toLowerCase()))
    return false;
  if (context !== undefined && (model.contextLength ?? 0) < Number(context)) return false;
  if (
    !hasAll(model.modalities.input, query.input_modalities) ||
    !hasAll(model.modalities.output, query.output_modalities)
  )
    return false;
  const { price } = cheapestOf(endpoints);
  return (
    isWithin(price.prompt, query.min_price, query.max_price) &&
    isWithin(price.completion, query.min_output_price, query.max_output_price)
  );
}

function names(endpoint: Endpoint, slug: string): boolean {
  return [endpoint.provider.id, endpoint.provider.name, endpoint.tag].some((name) => name.toLowerCase() === slug);
}

function hasAll(have: readonly string[], wanted: string | undefined): boolean {
  return wanted === undefined || wordsOf(wanted).every((word) => have.includes(word));
}

function isWithin(pico: number | null, least: string | undefined, most: string | undefined): boolean {
  if (least === undefined && most === undefined) return true;
  if (pico === null) return false;
  const usd = pico / PICO_PER_TOKEN_AT_USD_PER_MILLION;
  return usd >= Number(least ?? 0) && usd <= Number(most ?? Infinity);
}

function priceOf({ endpoints }: PermittedModel): number {
  const { price } = cheapestOf(endpoints);
  return price.prompt === null || price.completion === null ? Infinity : price.prompt + price.completion;
}

/** Unknown prices come last in either direction. */
function knownFirst(price: number): number {
  return price === Infinity ? -1 : price;
}

function wordsOf(list: string): readonly string[] {
  return list.toLowerCase().split(',');
}
