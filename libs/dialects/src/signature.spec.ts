import fc from 'fast-check';
import { decodeSignature, encodeSignature, isTagged } from './signature.js';

describe('signatures on their way through a client', () => {
  it('come back as they were, whatever their origin and bytes', () => {
    const origins = fc.stringMatching(/^[a-z][a-z0-9._-]{0,20}$/);
    fc.assert(
      fc.property(origins, fc.string({ unit: 'grapheme' }), (origin, value) => {
        fc.pre(origin !== 'anthropic');
        expect(decodeSignature(encodeSignature({ origin, value }))).toEqual({ origin, value });
      }),
    );
  });

  it("leaves Anthropic's own untouched in both directions", () => {
    const own = { origin: 'anthropic', value: 'EqQBCgIYAhIkYmY=' };
    expect(encodeSignature(own)).toBe(own.value);
    expect(decodeSignature(own.value)).toEqual(own);
  });

  it('carries the origin even where there is no value', () => {
    expect(encodeSignature({ origin: 'deepseek', value: '' })).toBe('sw1.deepseek.');
    expect(decodeSignature('sw1.deepseek.')).toEqual({ origin: 'deepseek', value: '' });
  });

  it('gives an untagged value to the origin it came by', () => {
    expect(decodeSignature('abc', 'minimax')).toEqual({ origin: 'minimax', value: 'abc' });
  });

  it.each(['sw1.', 'sw1..', 'sw1.x'])(
    'takes a broken tag %j for an untagged value but never for replayable',
    (text) => {
      expect(decodeSignature(text).value).toBe(text);
      expect(isTagged(text)).toBe(true);
    },
  );
});
