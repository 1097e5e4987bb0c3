import { isJsonObject } from '@switchyard/contract';
import type { JsonObject, JsonValue, PolicyRules, Protocol, RoutingHints } from '@switchyard/contract';
import { collectFlat, collectNested, collectProperty } from './collect-provider-hints.js';
import type { FoundHints } from './collect-provider-hints.js';
import { hintFault } from './hint-fault.js';
import { FLAT_KEYS, KNOWN_FLAT_KEYS, REDIRECTING_KEYS, bodyCheck, isHintKey, looksLikeHint } from './hint-keys.js';
import { nearestKey } from './nearest-key.js';
import { policyOfHints, warningsOfHints } from './policy-of-hints.js';

export interface HintContext {
  /** Value of the header `x-session-id`; the body's `session_id` wins over it. */
  readonly sessionIdHeader: string | null;
  /** Most models that `models` or `fallbacks` may name. */
  readonly maxModels: number;
  readonly protocol: Protocol;
}

const NO_RULES: PolicyRules = Object.freeze({});

/** Body hints whose empty string or empty list means "unset". */
const EMPTY_IS_UNSET: ReadonlySet<string> = new Set(['models', 'fallbacks', 'route', 'session_id', 'provider_configs']);

/**
 * Reads what a body asks of the router: flat `provider_*` fields, OpenRouter's nested `provider` object (both may be
 * sent as long as they agree), `models` or its other spelling `fallbacks`, the legacy `route`, and the session.
 * The same in both protocols. A body without any hint costs one look at each of its top-level keys.
 *
 * @throws GatewayError `invalid_request` naming the field: an unknown hint, a wrong type, a contradiction, or a field
 *   that would redirect the request to an upstream of the caller's choice.
 */
export function readHints(body: JsonObject, context: HintContext): RoutingHints {
  const keys = hintKeysOf(body);
  const found: FoundHints = new Map();
  const other = new Map<string, JsonValue>();
  for (const key of keys) {
    const value = body[key];
    if (value === undefined) continue;
    if (FLAT_KEYS.has(key)) collectFlat(found, key, value);
    else if (!isUnset(key, value)) other.set(key, checked(key, value));
  }
  const provider = other.get('provider');
  if (isJsonObject(provider)) collectNested(found, provider);
  const route = other.get('route');
  if (route !== undefined) collectProperty(found, 'sort_partition', route === 'sort' ? 'none' : 'model', 'route');

  const configs = other.get('provider_configs');
  return {
    rules: found.size === 0 ? NO_RULES : policyOfHints(found),
    models: readModels(body['model'], other.get('models'), other.get('fallbacks'), context.maxModels),
    serviceTier: readText(body['service_tier']),
    sessionId: readText(other.get('session_id')) ?? readSessionHeader(context.sessionIdHeader),
    providerConfigs: isJsonObject(configs) && Object.keys(configs).length > 0 ? configs : null,
    warnings: found.size === 0 ? [] : warningsOfHints(found),
  };
}

function hintKeysOf(body: JsonObject): readonly string[] {
  const keys: string[] = [];
  for (const key of Object.keys(body)) {
    if (isHintKey(key)) keys.push(key);
    else if (REDIRECTING_KEYS.has(key)) {
      throw hintFault(key, 'is not accepted: a request cannot choose where or under whose name it is sent');
    } else if (looksLikeHint(key)) {
      throw hintFault(key, `is not a known field, did you mean ${nearestKey(key, KNOWN_FLAT_KEYS)}?`);
    }
  }
  return keys;
}

function isUnset(key: string, value: JsonValue): boolean {
  if (value === null) return true;
  const empty = value === '' || (Array.isArray(value) && value.length === 0);
  return empty && EMPTY_IS_UNSET.has(key);
}

function checked(key: string, value: JsonValue): JsonValue {
  if (!bodyCheck.accepts(key, value)) throw hintFault(key, bodyCheck.complaint(key, value));
  return value;
}

/** Fallback models in priority order, without `model` and without repetitions. */
function readModels(
  model: JsonValue | undefined,
  models: JsonValue | undefined,
  fallbacks: JsonValue | undefined,
  maxModels: number,
): readonly string[] {
  if (models === undefined && fallbacks === undefined) return [];
  if (models !== undefined && fallbacks !== undefined)
    throw hintFault('fallbacks', 'cannot be used together with models');
  const field = models === undefined ? 'fallbacks' : 'models';
  const list = (models ?? fallbacks) as readonly JsonValue[];
  if (list.length > maxModels) {
    throw hintFault(field, `may name at most ${maxModels} models, this one names ${list.length}`);
  }
  const ids = models === undefined ? list.map(readFallback) : (list as readonly string[]);
  return [...new Set(ids)].filter((id) => id !== model);
}

function readFallback(entry: JsonValue, index: number): string {
  const field = `fallbacks.${index}`;
  if (!isJsonObject(entry)) throw hintFault(field, 'must be an object with a model');
  const extra = Object.keys(entry).find((key) => key !== 'model');
  if (extra !== undefined) throw hintFault(`${field}.${extra}`, 'is not a known field: an entry has only a model');
  const model = entry['model'];
  if (typeof model !== 'string' || model === '') throw hintFault(`${field}.model`, 'must be a model id');
  return model;
}

function readSessionHeader(header: string | null): string | null {
  const value = readText(header);
  if (value !== null && !bodyCheck.accepts('session_id', value)) {
    throw hintFault('x-session-id', bodyCheck.complaint('session_id', value));
  }
  return value;
}

function readText(value: JsonValue | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
