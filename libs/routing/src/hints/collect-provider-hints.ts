import { isJsonObject } from '@switchyard/contract';
import type { JsonObject, JsonValue } from '@switchyard/contract';
import { hintFault } from './hint-fault.js';
import { FLAT_KEYS, NESTED_KEYS, NESTED_PRICE_KEYS, providerCheck } from './hint-keys.js';
import { nearestKey } from './nearest-key.js';

/** A hint as found: its name in `ProviderHints`, a valid and normalised value, and the key as the caller wrote it. */
export interface FoundHint {
  readonly value: JsonValue;
  readonly field: string;
}

/** Valid and set hints by their name in `ProviderHints`. */
export type FoundHints = Map<string, FoundHint>;

/** Properties whose empty string means "unset": strings that a client in Go cannot leave out. */
const STRINGS: ReadonlySet<string> = new Set(['sort', 'sort_partition', 'data_collection']);
/** Properties whose empty list means "unset". Not `only`, whose empty list is refused. */
const LISTS: ReadonlySet<string> = new Set(['order', 'ignore', 'quantizations']);
const SLUG_LISTS: ReadonlySet<string> = new Set(['order', 'only', 'ignore']);

/** Reads one flat field (`provider_zdr`). */
export function collectFlat(found: FoundHints, key: string, value: JsonValue): void {
  const property = FLAT_KEYS.get(key);
  if (property === undefined) return;
  collectProperty(found, property, value, key);
}

/** Reads OpenRouter's nested `provider` object. Unknown keys in it are a 400, as in its own schema. */
export function collectNested(found: FoundHints, provider: JsonObject): void {
  for (const [key, value] of Object.entries(provider)) {
    if (value === undefined) continue;
    const field = `provider.${key}`;
    if (!NESTED_KEYS.has(key)) throw unknownKey(field, key, NESTED_KEYS, 'provider.');
    if (key === 'max_price') collectPrices(found, value, field);
    else collectProperty(found, key, value, field);
  }
}

/** Adds a hint under its property. @throws GatewayError 400 when it is invalid or contradicts one already found. */
export function collectProperty(found: FoundHints, property: string, value: JsonValue, field: string): void {
  if (property === 'sort' && isJsonObject(value)) {
    collectSortObject(found, value, field);
    return;
  }
  if (isUnset(property, value)) return;
  if (!providerCheck.accepts(property, value)) throw hintFault(field, providerCheck.complaint(property, value));
  const normalised = normalise(property, value);
  const other = found.get(property);
  if (other !== undefined && comparable(property, other.value) !== comparable(property, normalised)) {
    throw hintFault(field, `contradicts ${other.field}`);
  }
  if (other === undefined) found.set(property, { value: normalised, field });
}

function collectSortObject(found: FoundHints, sort: JsonObject, field: string): void {
  for (const [key, value] of Object.entries(sort)) {
    if (value === undefined) continue;
    if (key === 'by') collectProperty(found, 'sort', isJsonObject(value) ? 'an object' : value, `${field}.by`);
    else if (key === 'partition') collectProperty(found, 'sort_partition', value, `${field}.partition`);
    else throw unknownKey(`${field}.${key}`, key, new Set(['by', 'partition']), `${field}.`);
  }
}

function collectPrices(found: FoundHints, prices: JsonValue, field: string): void {
  if (prices === null) return;
  if (!isJsonObject(prices)) throw hintFault(field, 'must be an object or null');
  for (const [key, value] of Object.entries(prices)) {
    const property = NESTED_PRICE_KEYS.get(key);
    if (property === undefined) {
      throw unknownKey(`${field}.${key}`, key, new Set(NESTED_PRICE_KEYS.keys()), `${field}.`);
    }
    if (value !== undefined) collectProperty(found, property, value, `${field}.${key}`);
  }
}

function unknownKey(field: string, key: string, known: ReadonlySet<string>, prefix: string): Error {
  return hintFault(field, `is not a known field, did you mean ${prefix}${nearestKey(key, [...known])}?`);
}

function isUnset(property: string, value: JsonValue): boolean {
  if (value === null) return true;
  if (value === '') return STRINGS.has(property);
  if (value === false) return property === 'require_parameters';
  return Array.isArray(value) && value.length === 0 && LISTS.has(property);
}

/** One form for values that mean the same, so that both spellings of a hint can be compared. */
function normalise(property: string, value: JsonValue): JsonValue {
  if (SLUG_LISTS.has(property)) return (value as readonly string[]).map((slug) => slug.trim());
  if (property.endsWith('_price')) return Number(value) + 0;
  if (property.startsWith('preferred_')) return normalisePercentiles(value);
  return value;
}

function comparable(property: string, value: JsonValue): string {
  const text = JSON.stringify(value);
  return SLUG_LISTS.has(property) ? text.toLowerCase() : text;
}

function normalisePercentiles(value: JsonValue): JsonValue {
  if (!isJsonObject(value)) return { p50: value };
  const set = Object.entries(value).filter(([, cut]) => cut !== null);
  return Object.fromEntries(set.sort(([a], [b]) => (a < b ? -1 : 1)));
}
