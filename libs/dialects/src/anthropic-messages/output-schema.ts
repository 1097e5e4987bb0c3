import { isJsonObject } from '@switchyard/contract';
import type { JsonObject, JsonValue } from '@switchyard/contract';
import { textField } from './json-fields.js';

/**
 * Anthropic's structured outputs take a subset of JSON Schema
 * (https://platform.claude.com/docs/en/build-with-claude/structured-outputs): objects must be closed, and constraints
 * on values are refused. What is refused is said in the description instead, where the model still sees it.
 */
const SCHEMA_KEYWORDS = new Set([
  'type',
  'properties',
  'required',
  'items',
  'enum',
  'const',
  'anyOf',
  'allOf',
  '$ref',
  '$defs',
  'definitions',
  'description',
  'title',
  'default',
  'format',
  'additionalProperties',
  '$schema',
  '$id',
]);
const FORMATS = new Set(['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid']);
const MAPS_OF_SCHEMAS = ['properties', '$defs', 'definitions'];
const LISTS_OF_SCHEMAS = ['anyOf', 'allOf'];

/** The schema with everything Anthropic refuses moved into descriptions. A schema that has none of it comes back equal. */
export function outputSchema(schema: JsonObject): JsonObject {
  const result: Record<string, JsonValue | undefined> = {};
  const said: string[] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'oneOf') result['anyOf'] = value;
    else if (isTaken(key, value)) result[key] = value;
    else said.push(`${key}: ${JSON.stringify(value)}`);
  }
  for (const key of MAPS_OF_SCHEMAS) {
    const map = result[key];
    if (isJsonObject(map)) result[key] = mapValues(map, inner);
  }
  for (const key of LISTS_OF_SCHEMAS) {
    const list = result[key];
    if (Array.isArray(list)) result[key] = (list as readonly JsonValue[]).map(inner);
  }
  if (result['items'] !== undefined) result['items'] = inner(result['items']);
  if (schema['type'] === 'object' || isJsonObject(schema['properties'])) result['additionalProperties'] = false;
  if (said.length > 0) {
    result['description'] = [textField(schema, 'description'), `(${said.join(', ')})`].filter(Boolean).join(' ');
  }
  return result;
}

function isTaken(key: string, value: JsonValue | undefined): boolean {
  if (key === 'format') return typeof value === 'string' && FORMATS.has(value);
  return SCHEMA_KEYWORDS.has(key) || (key === 'minItems' && (value === 0 || value === 1));
}

function inner(value: JsonValue): JsonValue {
  return isJsonObject(value) ? outputSchema(value) : value;
}

function mapValues(map: JsonObject, change: (value: JsonValue) => JsonValue): JsonObject {
  return Object.fromEntries(
    Object.entries(map).map(([key, value]) => [key, value === undefined ? value : change(value)]),
  );
}
