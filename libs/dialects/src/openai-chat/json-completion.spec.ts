import fc from 'fast-check';
import { JsonCompletion } from './json-completion.js';

function completionOf(fragments: readonly string[]): JsonCompletion {
  const completion = new JsonCompletion();
  for (const fragment of fragments) completion.push(fragment);
  return completion;
}

describe('completeness of JSON in fragments', () => {
  it('is reached with the last character of an object and not before', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(), (value, at) => {
        const text = JSON.stringify(value);
        const cut = at % text.length;
        expect(completionOf([text.slice(0, cut)]).complete).toBe(false);
        expect(completionOf([text.slice(0, cut), text.slice(cut)]).complete).toBe(true);
      }),
    );
  });

  it.each([
    ['', true, false],
    ['  \n', true, false],
    ['"{\\"a\\":1}"', false, true],
    ['"a\\"', false, false],
    ['[1,[2]', false, false],
    ['{"a":"}"', false, false],
    ['{} ', false, true],
  ])('of %j: empty %s, complete %s', (text, empty, complete) => {
    const completion = completionOf([text]);
    expect([completion.empty, completion.complete]).toEqual([empty, complete]);
  });
});
