import type { JsonObject, JsonValue } from '@switchyard/contract';
import { listOf, objectOf, objectsOf, textOf } from './fields.js';

/**
 * A tool's JSON Schema in the form that OpenAI and its followers accept at the top: `type: object` with `properties`,
 * no `$schema`, no `anyOf`, `oneOf`, `allOf`, `enum`, `not` and no reference. Variants are merged into one object that
 * accepts whatever any of them does (maximhq/bifrost#3511). Below the top nothing is touched.
 */
export function normaliseToolSchema(schema: JsonObject | undefined): JsonObject {
  const flat = flatten(schema ?? {}, schema ?? {}, 0);
  const { $schema: _dialect, ...rest } = flat;
  return { ...rest, type: 'object', properties: objectOf(rest['properties']) ?? {} };
}

/** References at the top may lead to each other; a few steps reach every honest schema. */
const REFERENCE_DEPTH_MAX = 8;

function flatten(schema: JsonObject, root: JsonObject, depth: number): JsonObject {
  if (depth > REFERENCE_DEPTH_MAX) return {};
  const { $ref: reference, anyOf, oneOf, allOf, enum: _enum, not: _not, ...own } = schema;
  const target = textOf(reference) === undefined ? undefined : lookUp(root, textOf(reference) ?? '');
  const all = [...objectsOf(allOf), ...(target === undefined ? [] : [target])].map((part) =>
    flatten(part, root, depth + 1),
  );
  const any = [...objectsOf(anyOf), ...objectsOf(oneOf)].map((part) => flatten(part, root, depth + 1));
  if (all.length === 0 && any.length === 0) return own;

  const properties = Object.assign(
    Object.create(null) as Record<string, JsonValue>,
    ...[...any, ...all, own].map((part) => objectOf(part['properties']) ?? {}),
  ) as Record<string, JsonValue>;
  const requiredByAll = [...all, own].flatMap(requiredOf);
  const requiredByAny =
    any.length === 0 ? [] : requiredOf(any[0]).filter((key) => any.every((part) => requiredOf(part).includes(key)));
  const required = [...new Set([...requiredByAll, ...requiredByAny])];
  return { ...own, properties: { ...properties }, ...(required.length > 0 && { required }) };
}

function requiredOf(schema: JsonObject | undefined): string[] {
  return listOf(schema?.['required']).filter((key) => typeof key === 'string');
}

/** A reference into the same document (`#/$defs/Name`). Others cannot be followed. */
function lookUp(root: JsonObject, reference: string): JsonObject | undefined {
  if (!reference.startsWith('#/')) return undefined;
  let place: JsonValue | undefined = root;
  for (const step of reference.slice(2).split('/')) {
    const key = step.replace(/~1/g, '/').replace(/~0/g, '~');
    const owner: JsonObject | undefined = objectOf(place);
    place = owner !== undefined && Object.hasOwn(owner, key) ? owner[key] : undefined;
  }
  return objectOf(place);
}
