import fc from 'fast-check';
import type { JsonObject, JsonValue } from '@switchyard/contract';
import { sampleOf } from './schema-sample.js';

/** Just enough of a validator to hold samples against the schemas below. */
function satisfies(value: JsonValue | undefined, schema: JsonObject): boolean {
  switch (schema['type']) {
    case 'object': {
      const fields = value as JsonObject;
      const required = (schema['required'] ?? []) as string[];
      const properties = Object.entries((schema['properties'] ?? {}) as Record<string, JsonObject>);
      const known = Object.keys(fields).every((name) => properties.some(([property]) => property === name));
      return (
        known &&
        required.every((name) => Object.hasOwn(fields, name)) &&
        properties.every(([name, property]) => !Object.hasOwn(fields, name) || satisfies(fields[name], property))
      );
    }
    case 'array': {
      const items = value as JsonValue[];
      const enough = items.length >= Number(schema['minItems'] ?? 0);
      return Array.isArray(value) && enough && items.every((item) => satisfies(item, schema['items'] as JsonObject));
    }
    case 'integer':
      return (
        Number.isInteger(value) &&
        Number(value) >= Number(schema['minimum']) &&
        Number(value) <= Number(schema['maximum'])
      );
    case 'boolean':
      return typeof value === 'boolean';
    default:
      return typeof value === 'string' && value.length >= Number(schema['minLength'] ?? 0);
  }
}

const leaf: fc.Arbitrary<JsonObject> = fc.oneof(
  fc.record({ type: fc.constant('string'), minLength: fc.nat(40) }),
  fc.constant({ type: 'boolean' }),
  fc.tuple(fc.integer(), fc.nat(50)).map(([minimum, span]) => ({ type: 'integer', minimum, maximum: minimum + span })),
);
const { schema: anySchema } = fc.letrec<{ schema: JsonObject }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.record({ type: fc.constant('array'), items: tie('schema'), minItems: fc.nat(3) }),
    fc
      .dictionary(fc.stringMatching(/^[a-z]{1,8}$/), tie('schema'), { maxKeys: 4 })
      .map((properties) => ({ type: 'object', properties, required: Object.keys(properties).slice(0, 2) })),
  ),
}));

describe('a sample', () => {
  it('satisfies the schema it was made from', () => {
    fc.assert(fc.property(anySchema, (schema) => satisfies(sampleOf(schema), schema)));
  });

  it.each<[string, JsonObject, JsonValue]>([
    ['a constant', { const: 7 }, 7],
    ['the first of an enum', { type: 'string', enum: ['c', 'f'] }, 'c'],
    ['a nullable text', { type: ['null', 'string'] }, 'simulated value'],
    ['a format', { type: 'string', format: 'date' }, '2026-01-31'],
    ['the first alternative', { anyOf: [{ type: 'boolean' }, { type: 'string' }] }, true],
    [
      'all parts',
      { allOf: [{ properties: { a: { const: 1 } } }, { properties: { b: { const: 2 } } }] },
      { a: 1, b: 2 },
    ],
    ['a reference', { $ref: '#/$defs/unit', $defs: { unit: { enum: ['m'] } } }, 'm'],
    ['a number above a bound', { type: 'number', exclusiveMinimum: 4 }, 4.5],
    ['a multiple', { type: 'integer', minimum: 3, multipleOf: 5 }, 5],
    ['a short text', { type: 'string', maxLength: 3 }, 'sim'],
    ['no properties', { type: 'object' }, {}],
    [
      'named texts',
      { type: 'object', properties: { first_name: { type: 'string' } } },
      { first_name: 'simulated first name' },
    ],
  ])('is %s', (_what, schema, expected) => {
    expect(sampleOf(schema)).toEqual(expected);
  });

  it('of a schema that refers to itself comes to an end', () => {
    const tree = { type: 'object', properties: { children: { type: 'array', items: { $ref: '#' } } } };
    expect(JSON.stringify(sampleOf(tree)).length).toBeLessThan(500);
    const endless = {
      $ref: '#/$defs/a',
      $defs: { a: { type: 'object', properties: { a: { $ref: '#/$defs/a' } }, required: ['a'] } },
    };
    expect(JSON.stringify(sampleOf(endless)).length).toBeLessThan(500);
    expect(sampleOf({ $ref: '#' })).toBeDefined();
  });
});
