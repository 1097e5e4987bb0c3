import fc from 'fast-check';
import type { JsonObject } from '@switchyard/contract';
import { normaliseToolSchema } from './tool-schema.js';

describe('a tool schema at the top', () => {
  it.each<[string, JsonObject | undefined, JsonObject]>([
    ['absent', undefined, { type: 'object', properties: {} }],
    ['empty', {}, { type: 'object', properties: {} }],
    ['without type', { properties: { a: {} } }, { type: 'object', properties: { a: {} } }],
    ['with $schema', { $schema: 'x', type: 'object', properties: {} }, { type: 'object', properties: {} }],
    [
      'with anyOf: what every variant requires stays required',
      {
        anyOf: [
          { type: 'object', properties: { a: {}, b: {} }, required: ['a', 'b'] },
          { type: 'object', properties: { a: {}, c: {} }, required: ['a'] },
        ],
      },
      { type: 'object', properties: { a: {}, b: {}, c: {} }, required: ['a'] },
    ],
    [
      'with allOf: everything required stays so',
      {
        allOf: [
          { properties: { a: {} }, required: ['a'] },
          { properties: { b: {} }, required: ['b'] },
        ],
      },
      { type: 'object', properties: { a: {}, b: {} }, required: ['a', 'b'] },
    ],
    [
      'with a reference',
      { $ref: '#/$defs/In', $defs: { In: { type: 'object', properties: { a: {} }, required: ['a'] } } },
      {
        type: 'object',
        properties: { a: {} },
        required: ['a'],
        $defs: { In: { type: 'object', properties: { a: {} }, required: ['a'] } },
      },
    ],
    ['with a reference to itself', { $ref: '#' }, { type: 'object', properties: {} }],
    ['with a reference that leads nowhere', { $ref: '#/$defs/No' }, { type: 'object', properties: {} }],
    ['of another type', { type: 'string', enum: ['a'] }, { type: 'object', properties: {} }],
  ])('%s', (_case, schema, expected) => {
    expect(normaliseToolSchema(schema)).toEqual(expected);
  });

  it('leaves a plain object schema as it is', () => {
    const schema = {
      type: 'object',
      properties: { a: { anyOf: [{ type: 'string' }, { $ref: '#/x' }] } },
      additionalProperties: false,
    };
    expect(normaliseToolSchema(schema)).toEqual(schema);
  });

  it('is always an object with properties, whatever came in', () => {
    const keys = fc.constantFrom('$ref', 'anyOf', 'oneOf', 'allOf', 'type', 'properties', 'required', '$defs');
    fc.assert(
      fc.property(fc.dictionary(keys, fc.jsonValue()), (schema) => {
        const normal = normaliseToolSchema(schema);
        expect(normal['type']).toBe('object');
        expect(typeof normal['properties']).toBe('object');
        for (const key of ['anyOf', 'oneOf', 'allOf', '$ref', 'enum', 'not']) expect(normal).not.toHaveProperty([key]);
      }),
    );
  });
});
