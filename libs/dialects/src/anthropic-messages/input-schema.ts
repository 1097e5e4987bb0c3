import { isJsonObject } from '@switchyard/contract';
import type { JsonObject, JsonValue } from '@switchyard/contract';
import { arrayField, objectField, objectsField, optional, textField } from './json-fields.js';

/** A chain of references longer than this is a loop. */
const LONGEST_REFERENCE_CHAIN = 8;

export interface InputSchema {
  readonly schema: JsonObject;
  /** True when alternatives had to be merged, so that the schema now admits more than it did. */
  readonly loosened: boolean;
}

/**
 * A tool's schema as Anthropic takes it: an object at the top, with no union or reference there. References are
 * resolved, `allOf` is merged exactly, alternatives are merged into one object that admits each of them.
 */
export function inputSchema(schema: JsonObject | undefined): InputSchema {
  if (!schema) return { schema: { type: 'object', properties: {} }, loosened: false };
  if (!['$ref', 'allOf', 'anyOf', 'oneOf'].some((key) => schema[key] !== undefined)) {
    const isObject = schema['type'] === 'object';
    return { schema: isObject ? schema : { properties: {}, ...schema, type: 'object' }, loosened: false };
  }
  const flat = flatten(schema, schema, 0);
  const alternatives = [...objectsField(schema, 'anyOf'), ...objectsField(schema, 'oneOf')];
  return { schema: flat, loosened: alternatives.length > 1 };
}

function flatten(schema: JsonObject, root: JsonObject, depth: number): JsonObject {
  if (depth > LONGEST_REFERENCE_CHAIN) return { type: 'object', properties: {} };
  const { $ref: reference, allOf: _all, anyOf: _any, oneOf: _one, ...rest } = schema;
  const flattened = (part: JsonObject): JsonObject => flatten(part, root, depth + 1);
  const parts = [
    ...(typeof reference === 'string' ? [resolve(reference, root)] : []),
    ...objectsField(schema, 'allOf'),
  ].map(flattened);
  const alternatives = [...objectsField(schema, 'anyOf'), ...objectsField(schema, 'oneOf')].map(flattened);
  const all = [rest, ...parts, ...alternatives];
  const required = new Set([rest, ...parts].flatMap(requiredOf).concat(requiredByAll(alternatives)));
  return {
    ...rest,
    ...optional(
      'description',
      textField(rest, 'description') ?? parts.map((part) => textField(part, 'description')).find(Boolean),
    ),
    type: 'object',
    properties: Object.assign({}, ...all.map((part) => objectField(part, 'properties') ?? {})) as JsonObject,
    ...(required.size > 0 && { required: [...required] }),
  };
}

function requiredOf(schema: JsonObject): readonly string[] {
  return arrayField(schema, 'required').filter((name) => typeof name === 'string');
}

function requiredByAll(schemas: readonly JsonObject[]): readonly string[] {
  const [first, ...others] = schemas.map(requiredOf);
  return (first ?? []).filter((name) => others.every((names) => names.includes(name)));
}

/** The schema a local JSON pointer (`#/$defs/City`) names; an empty one when it names nothing. */
function resolve(reference: string, root: JsonObject): JsonObject {
  if (!reference.startsWith('#/')) return {};
  let value: JsonValue | undefined = root;
  for (const part of reference.slice(2).split('/')) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    value = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return isJsonObject(value) ? value : {};
}
