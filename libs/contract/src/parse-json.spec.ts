import fc from 'fast-check';
import { parseJson } from './parse-json.js';

describe('parsing JSON', () => {
  /** Each pair: a text whose last key begins like the raw text of the second one's, and that second text with its keys. */
  it.each([
    ['{"model":0,"\\\\":1}', '{"model":0,"\\"":1}', ['model', '"']],
    ['{"model":0,"\\\\":1}', '{"model":0,"\\u00e9":1}', ['model', 'é']],
    ['{"model":0,"\\\\":1}', '{"model":0,"\\n" : [{}]}', ['model', '\n']],
    ['{"model":0,"\\\\u":1}', '{"model":0,"\\u4e2d\\u6587":{"a":1}}', ['model', '中文']],
    ['{"model":0,"\\\\u0070rovider":1}', '{"model":0,"\\u0070rovider_only":1}', ['model', 'provider_only']],
  ])('reads the same keys whatever was read before: %s, then %s', (before, text, keys) => {
    for (let round = 0; round < 3; round++) parseJson(before);
    const nested = parseJson(`[${text}]`) as readonly object[];

    expect(Object.keys(parseJson(text) as object)).toEqual(keys);
    expect(Object.keys(nested[0] ?? {})).toEqual(keys);
  });

  it('reads any value as JSON.parse does, with and without escapes in keys and in any white space', () => {
    // Without backslashes in keys JSON.parse itself can be trusted as the measure.
    const key = fc
      .string({ unit: fc.constantFrom('a', 'é', '"', '\n', '😀', ' ', ':', '{') })
      .map((text) => JSON.stringify(text).replace(/^"a/, '"\\u0061'));
    const space = fc.constantFrom('', ' ', '\n\t', '\r\n');
    const { value } = fc.letrec<{ value: string }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        fc.constantFrom('null', 'true', '-0', '1e400', '-1.5E+3', '""', '"\\"}"', '"\\\\"', '{}', '[ ]'),
        fc.string().map((text) => JSON.stringify(text)),
        fc
          .array(fc.tuple(space, tie('value'), space), { maxLength: 4 })
          .map((items) => `[${items.map((item) => item.join('')).join()}]`),
        fc
          .array(fc.tuple(space, key, space, fc.constant(':'), space, tie('value'), space), { maxLength: 4 })
          .map((members) => `{${members.map((member) => member.join('')).join()}}`),
      ),
    }));
    fc.assert(
      fc.property(space, value, space, (before, text, after) => {
        expect(parseJson(before + text + after)).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  it('makes own properties of dangerous keys, as JSON.parse does', () => {
    const parsed = parseJson('{"\\u005f_proto__":{"a":1}}') as object;
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
    expect(Object.keys(parsed)).toEqual(['__proto__']);
  });

  it('keeps the last value of a duplicate key', () => {
    expect(parseJson('{"a":1,"\\u0061":2}')).toEqual({ a: 2 });
  });

  it.each(['', '{', '{"\\u0061":1', '{"\\u0061" 1}', '{"\\u00":1}', '[1,]', '\\'])(
    'throws a SyntaxError for %j',
    (text) => {
      expect(() => parseJson(text)).toThrow(SyntaxError);
    },
  );
});
