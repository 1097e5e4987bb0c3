import fc from 'fast-check';
import { editMembers, memberSpans } from './member-edits.js';

const SPACING = fc.constantFrom(undefined, 1, '\t');

describe('edits of an object in JSON text', () => {
  it('change the named members and nothing else, however the text is laid out', () => {
    const members = fc.dictionary(fc.constantFrom('model', 'usage', 'a', '"q\\', 'é'), fc.jsonValue(), { maxKeys: 5 });
    fc.assert(
      fc.property(members, SPACING, (value, spacing) => {
        const text = JSON.stringify(value, null, spacing);
        const edited = editMembers(text, new Map([['model', '"public"']]), new Map([['routing', '{"x":1}']]));
        const expected = { ...value, ...('model' in value && { model: 'public' }), routing: { x: 1 } };
        expect(JSON.parse(edited)).toEqual(JSON.parse(JSON.stringify(expected)));
      }),
    );
  });

  it('keep numbers, spacing and order as they were written', () => {
    const text = '{ "big" : 12345678901234567890, "model" :"m" ,"f":1.0 }';
    expect(editMembers(text, new Map([['model', '"x"']]), new Map())).toBe(
      '{ "big" : 12345678901234567890, "model" :"x" ,"f":1.0 }',
    );
  });

  it('reach only the own members, not a nested object or a string that looks like one', () => {
    const text = '{"choices":[{"model":"m","text":"\\"model\\":\\"m\\""}],"model":"m"}';
    expect(editMembers(text, new Map([['model', '"x"']]), new Map())).toBe(
      '{"choices":[{"model":"m","text":"\\"model\\":\\"m\\""}],"model":"x"}',
    );
  });

  it('go to the last of duplicate members, which is the one that counts', () => {
    const text = '{"model":"a","model":"b"}';
    expect(JSON.parse(editMembers(text, new Map([['model', '"x"']]), new Map()))).toEqual({ model: 'x' });
  });

  it('find a value of every kind', () => {
    const text = '{"a":-1.5e3,"b":null,"c":[{"d":"]}"}],"e":"x"}';
    const spans = memberSpans(text, new Set(['a', 'b', 'c', 'e']));
    const found = [...spans].map(([key, span]) => [key, text.slice(span.start, span.end)]);
    expect(Object.fromEntries(found)).toEqual({ a: '-1.5e3', b: 'null', c: '[{"d":"]}"}]', e: '"x"' });
  });

  it('append to an empty object', () => {
    expect(editMembers('{ }', new Map(), new Map([['a', '1']]))).toBe('{ "a":1}');
  });
});
