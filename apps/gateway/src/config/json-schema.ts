import type { ValidationMetadata } from 'class-validator/types/metadata/ValidationMetadata.js';
import type { JsonSchema } from './checks.js';
import { docOf, SHAPE } from './checks.js';
import type { Property, SettingsClass } from './settings-metadata.js';
import { propertiesOf } from './settings-metadata.js';

/** Any setting may be taken from the environment, whatever its type. */
const FROM_ENVIRONMENT = { type: 'string', pattern: '\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}' };

/** JSON Schema keywords of each ready-made check, by the name under which class-validator registers it. */
const KEYWORDS: Readonly<Record<string, (rule: ValidationMetadata) => JsonSchema>> = {
  isString: () => ({ type: 'string' }),
  isNotEmpty: () => ({ type: 'string', minLength: 1 }),
  minLength: (rule) => ({ type: 'string', minLength: operand(rule) }),
  maxLength: (rule) => ({ type: 'string', maxLength: operand(rule) }),
  isLength: (rule) => ({ type: 'string', minLength: operand(rule), maxLength: operand(rule, 1) }),
  matches: (rule) => ({ type: 'string', pattern: (operand(rule) as RegExp).source }),
  isUrl: () => ({ type: 'string', format: 'uri' }),
  isIso8601: () => ({ type: 'string', format: 'date-time' }),
  isInt: () => ({ type: 'integer' }),
  isNumber: () => ({ type: 'number' }),
  isPositive: () => ({ exclusiveMinimum: 0 }),
  min: (rule) => ({ minimum: operand(rule) }),
  max: (rule) => ({ maximum: operand(rule) }),
  isBoolean: () => ({ type: 'boolean' }),
  isIn: (rule) => ({ enum: operand(rule) }),
  isEnum: (rule) => ({ enum: operand(rule, 1) ?? Object.values(operand(rule) as object) }),
  isObject: () => ({ type: 'object' }),
  isPrice: () => ({ type: ['number', 'string'], minimum: 0, pattern: '^\\d' }),
  isHeaders: () => ({ type: 'object', additionalProperties: { type: 'string' } }),
  isBaseUrl: () => ({ type: 'string', format: 'uri', pattern: '^https?://' }),
};

const LIST_KEYWORDS: Readonly<Record<string, (rule: ValidationMetadata) => JsonSchema>> = {
  isArray: () => ({ type: 'array' }),
  arrayNotEmpty: () => ({ minItems: 1 }),
  arrayMinSize: (rule) => ({ minItems: operand(rule) }),
  arrayMaxSize: (rule) => ({ maxItems: operand(rule) }),
  arrayUnique: () => ({ uniqueItems: true }),
};

/** The JSON Schema (2020-12) of a settings class and everything below it. */
export function schemaOf(settings: SettingsClass, head: JsonSchema): JsonSchema {
  const definitions = new Map<string, JsonSchema>();
  const { properties, required, ...rest } = mappingSchema(settings, definitions);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    ...head,
    ...rest,
    properties,
    ...(required === undefined ? {} : { required }),
    $defs: {
      ...Object.fromEntries([...definitions].sort(([a], [b]) => a.localeCompare(b, 'en'))),
      environment: FROM_ENVIRONMENT,
    },
  };
}

/** The schema of one property's own form, nested mappings left as `{ type: object }`. */
export function ownSchema(property: Property): JsonSchema {
  let whole: JsonSchema = {};
  let item: JsonSchema = {};
  for (const rule of property.rules) {
    const list = LIST_KEYWORDS[rule.name ?? ''];
    if (list !== undefined) whole = { ...whole, ...list(rule) };
    else if (rule.each) item = { ...item, ...keywordsOf(rule) };
    else whole = { ...whole, ...keywordsOf(rule) };
  }
  if (property.isList && property.nested !== null) item = { type: 'object' };
  return typeFirst(Object.keys(item).length > 0 ? { ...whole, items: typeFirst(item) } : whole);
}

/** Decorators run from the bottom up; a schema reads better from the type down. */
function typeFirst({ type, ...rest }: JsonSchema): JsonSchema {
  return type === undefined ? rest : { type, ...rest };
}

function mappingSchema(settings: SettingsClass, definitions: Map<string, JsonSchema>): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const property of propertiesOf(settings).values()) {
    properties[property.name] = propertySchema(settings, property, definitions);
    if (property.required) required.push(property.name);
  }
  return { type: 'object', additionalProperties: false, properties, ...(required.length > 0 ? { required } : {}) };
}

function propertySchema(settings: SettingsClass, property: Property, definitions: Map<string, JsonSchema>): JsonSchema {
  const doc = docOf(settings, property.name);
  const description = doc === undefined ? {} : { description: doc };
  if (property.nested !== null) {
    const reference = definitionOf(property.nested, definitions);
    return property.isList
      ? { ...ownSchema(property), items: reference, ...description }
      : { ...reference, ...description };
  }
  const initial = property.initial === undefined || property.initial === null ? {} : { default: property.initial };
  return { ...orFromEnvironment(ownSchema(property)), ...initial, ...description };
}

function definitionOf(settings: SettingsClass, definitions: Map<string, JsonSchema>): JsonSchema {
  const name = settings.name;
  if (!definitions.has(name)) {
    definitions.set(name, {});
    definitions.set(name, mappingSchema(settings, definitions));
  }
  return { $ref: `#/$defs/${name}` };
}

/** Text of any content takes references as it is; everything narrower needs to be told. */
function orFromEnvironment(schema: JsonSchema): JsonSchema {
  const { type, pattern, format } = schema;
  const isFreeText = type === 'string' && pattern === undefined && format === undefined;
  if (type === 'array' || type === 'object' || isFreeText) return schema;
  return { anyOf: [schema, { $ref: '#/$defs/environment' }] };
}

function keywordsOf(rule: ValidationMetadata): JsonSchema {
  if (rule.name === SHAPE) return operand(rule) as JsonSchema;
  return KEYWORDS[rule.name ?? '']?.(rule) ?? {};
}

function operand(rule: ValidationMetadata, index = 0): unknown {
  return (rule.constraints as readonly unknown[] | undefined)?.[index];
}
