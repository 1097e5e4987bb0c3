import fc from 'fast-check';
import type { PromptPiece } from './ask.js';
import type { PromptTokens } from './answer.js';
import { PromptCache } from './prompt-cache.js';
import { tokensInCharacters } from './tokenizer.js';

function piece(text: string, marker?: '5m' | '1h'): PromptPiece {
  return { identity: text, characters: text.length, ...(marker === undefined ? {} : { marker }) };
}

function total(tokens: PromptTokens): number {
  return tokens.uncached + tokens.read + tokens.write5m + tokens.write1h;
}

const A = 'a'.repeat(400);
const B = 'b'.repeat(400);
const C = 'c'.repeat(400);

describe('marked prefixes', () => {
  it('are written once and read after that', () => {
    const cache = new PromptCache();
    const prompt = [piece(A, '5m'), piece(B)];
    expect(cache.countMarked('m', prompt)).toEqual({ uncached: 100, read: 0, write5m: 100, write1h: 0 });
    expect(cache.countMarked('m', prompt)).toEqual({ uncached: 100, read: 100, write5m: 0, write1h: 0 });
  });

  it('are written to the lifetime of their marker', () => {
    const prompt = [piece(A, '1h'), piece(B), piece(C, '5m')];
    expect(new PromptCache().countMarked('m', prompt)).toEqual({ uncached: 0, read: 0, write5m: 200, write1h: 100 });
  });

  it('are found again when the marker has moved on with the conversation', () => {
    const cache = new PromptCache();
    cache.countMarked('m', [piece(A, '5m')]);
    const next = [piece(A), piece(B), piece(C, '5m')];
    expect(cache.countMarked('m', next)).toEqual({ uncached: 0, read: 100, write5m: 200, write1h: 0 });
  });

  it('are lost by a change before the marker and not by one behind it', () => {
    const cache = new PromptCache();
    cache.countMarked('m', [piece(A, '5m'), piece(B)]);
    expect(cache.countMarked('m', [piece(A, '5m'), piece(C)]).read).toBe(100);
    expect(cache.countMarked('m', [piece(B, '5m'), piece(B)]).read).toBe(0);
  });

  it('are kept apart by scope', () => {
    const cache = new PromptCache();
    cache.countMarked('one', [piece(A, '5m')]);
    expect(cache.countMarked('other', [piece(A, '5m')]).read).toBe(0);
  });

  it('cost nothing without a marker', () => {
    const cache = new PromptCache();
    cache.countMarked('m', [piece(A)]);
    expect(cache.countMarked('m', [piece(A)])).toEqual({ uncached: 100, read: 0, write5m: 0, write1h: 0 });
  });
});

describe('automatic prefixes', () => {
  it('are read from the second time on, in blocks of 64 tokens', () => {
    const cache = new PromptCache();
    expect(cache.countAutomatic('m', [piece(A), piece(B)]).read).toBe(0);
    expect(cache.countAutomatic('m', [piece(A), piece(C)])).toEqual({
      uncached: 136,
      read: 64,
      write5m: 0,
      write1h: 0,
    });
    expect(cache.countAutomatic('m', [piece(A), piece(B)]).read).toBe(192);
  });

  it('shorter than 64 tokens are not kept', () => {
    const cache = new PromptCache();
    const short = [piece('x'.repeat(252))];
    cache.countAutomatic('m', short);
    expect(cache.countAutomatic('m', short).read).toBe(0);
  });
});

it('the counts are disjoint and add up to the whole prompt, whatever was asked before', () => {
  const pieces = fc.array(
    fc.tuple(fc.constantFrom('a', 'b', 'cc'), fc.integer({ min: 1, max: 300 }), fc.constantFrom(undefined, '5m', '1h')),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 5 }), fc.boolean(), (prompts, marked) => {
      const cache = new PromptCache();
      for (const prompt of prompts) {
        const asked = prompt.map(([text, times, marker]) => piece(text.repeat(times), marker as '5m' | undefined));
        const tokens = marked ? cache.countMarked('m', asked) : cache.countAutomatic('m', asked);
        const characters = asked.reduce((sum, { characters: length }) => sum + length, 0);
        expect(total(tokens)).toBe(tokensInCharacters(characters));
        expect(Math.min(...Object.values(tokens as unknown as Record<string, number>))).toBeGreaterThanOrEqual(0);
      }
    }),
  );
});
