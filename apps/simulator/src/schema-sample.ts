import type { JsonObject, JsonValue } from '@switchyard/contract';
import { listOf, numberOf, objectOf, objectsOf, textOf } from './json-access.js';

const MAX_DEPTH = 12;

const FORMATS: Readonly<Record<string, string>> = {
  'date-time': '2026-01-31T12:00:00Z',
  date: '2026-01-31',
  time: '12:00:00Z',
  duration: 'PT1H',
  email: 'simulated@example.com',
  hostname: 'example.com',
  uri: 'https://example.com/simulated',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uuid: '00000000-0000-4000-8000-000000000000',
};

/**
 * A plain value that satisfies the common part of JSON Schema: types, const, enum, required and optional properties,
 * bounds, formats, local `$ref`, allOf/anyOf/oneOf. Text values begin with `simulated`. `pattern` is not looked at.
 */
export function sampleOf(schema: JsonObject, name = 'value'): JsonValue {
  return sample(schema, { root: schema, name, depth: 0 });
}

interface Place {
  readonly root: JsonObject;
  readonly name: string;
  readonly depth: number;
}

function sample(written: JsonObject, place: Place): JsonValue {
  const schema = flattened(written, place);
  if (schema['const'] !== undefined) return schema['const'];
  const [choice] = listOf(schema['enum']);
  if (choice !== undefined) return choice;
  switch (typeOf(schema)) {
    case 'object':
      return sampleObject(schema, place);
    case 'array':
      return sampleArray(schema, place);
    case 'integer':
      return sampleNumber(schema, 1);
    case 'number':
      return sampleNumber(schema, 0);
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return sampleText(schema, place.name);
  }
}

/** The schema with references resolved and the first alternative taken. */
function flattened(schema: JsonObject, place: Place): JsonObject {
  if (place.depth > MAX_DEPTH) return schema;
  const reference = textOf(schema['$ref']);
  if (reference.startsWith('#')) return flattened(resolve(reference, place.root), deeper(place));
  const alternatives = [...objectsOf(schema['anyOf']), ...objectsOf(schema['oneOf'])].slice(0, 1);
  return [...objectsOf(schema['allOf']), ...alternatives].reduce((merged: JsonObject, part) => {
    const flat = flattened(part, deeper(place));
    return {
      ...merged,
      ...flat,
      properties: { ...objectOf(merged['properties']), ...objectOf(flat['properties']) },
      required: [...listOf(merged['required']), ...listOf(flat['required'])],
    };
  }, schema);
}

function resolve(reference: string, root: JsonObject): JsonObject {
  const steps = reference.split('/').slice(1);
  return steps.reduce((at, step) => objectOf(at[step.replaceAll('~1', '/').replaceAll('~0', '~')]), root);
}

function deeper(place: Place, name = place.name): Place {
  return { root: place.root, name, depth: place.depth + 1 };
}

function typeOf(schema: JsonObject): string {
  const declared = schema['type'];
  const named = textOf(listOf(declared).find((type) => type !== 'null') ?? declared);
  if (named !== '') return named;
  if (Object.keys(objectOf(schema['properties'])).length > 0) return 'object';
  return schema['items'] === undefined ? 'string' : 'array';
}

/** All properties, but only the required ones once the schema has gone deep: it may refer to itself. */
function sampleObject(schema: JsonObject, place: Place): JsonObject {
  const required = new Set(listOf(schema['required']));
  const wanted = Object.entries(objectOf(schema['properties'])).filter(
    ([name]) => place.depth < MAX_DEPTH / 4 || (required.has(name) && place.depth <= MAX_DEPTH),
  );
  return Object.fromEntries(wanted.map(([name, property]) => [name, sample(objectOf(property), deeper(place, name))]));
}

function sampleArray(schema: JsonObject, place: Place): readonly JsonValue[] {
  const least = numberOf(schema['minItems']) ?? (place.depth < MAX_DEPTH / 4 ? 1 : 0);
  const length = Math.min(least, numberOf(schema['maxItems']) ?? least);
  return Array.from({ length }, () => sample(objectOf(schema['items']), deeper(place)));
}

function sampleNumber(schema: JsonObject, step: number): number {
  const over = numberOf(schema['exclusiveMinimum']);
  const under = numberOf(schema['exclusiveMaximum']);
  const least = numberOf(schema['minimum']) ?? (over === null ? null : over + (step || 0.5));
  const most = numberOf(schema['maximum']) ?? (under === null ? null : under - (step || 0.5));
  const value = Math.min(Math.max(1, least ?? 1), most ?? Number.MAX_SAFE_INTEGER);
  const multiple = numberOf(schema['multipleOf']);
  if (multiple !== null && multiple > 0) return Math.ceil(value / multiple) * multiple;
  return step === 1 ? Math.ceil(value) : value;
}

function sampleText(schema: JsonObject, name: string): string {
  const format = FORMATS[textOf(schema['format'])];
  if (format !== undefined) return format;
  const least = numberOf(schema['minLength']) ?? 0;
  const most = numberOf(schema['maxLength']) ?? Number.MAX_SAFE_INTEGER;
  return `simulated ${name.replaceAll('_', ' ')}`.padEnd(least, '.').slice(0, most);
}
