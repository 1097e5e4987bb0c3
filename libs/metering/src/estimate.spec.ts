import fc from 'fast-check';
import { PROMPT_FRAME_AT_MOST, estimatePromptTokens, estimatedUsage, inputTokensUpperBound } from './estimate.js';

describe('an estimate', () => {
  it('has more tokens than English and code, and a fixed number for an image', () => {
    expect(estimatePromptTokens(0, 0)).toBe(0);
    expect(estimatePromptTokens(3_500, 0)).toBe(1_000);
    expect(estimatePromptTokens(1, 2)).toBe(3_201);
  });

  it('takes the prompt as uncached and what was delivered as output', () => {
    expect(estimatedUsage(12, 7)).toMatchObject({ uncachedInput: 12, output: 2, cacheRead: 0, reasoning: 0 });
  });
});

describe('the upper bound of a prompt', () => {
  const sizeOf = (text: string, messages = 1) => ({
    characters: text.length,
    extraBytes: Buffer.byteLength(text) - text.length,
    messages,
    images: 0,
    frame: 0,
  });

  it('is never below the bytes of the text, each of which a tokeniser may make a token', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(inputTokensUpperBound(sizeOf(text))).toBeGreaterThanOrEqual(Buffer.byteLength(text));
      }),
    );
  });

  it('is never below the estimate, so that a reservation covers what is charged without a report', () => {
    const count = fc.nat({ max: 10_000_000 });
    fc.assert(
      fc.property(count, fc.nat({ max: 600 }), count, (characters, images, messages) => {
        const bound = inputTokensUpperBound({ characters, extraBytes: 0, messages, images, frame: 0 });
        expect(bound).toBeGreaterThanOrEqual(estimatePromptTokens(characters, images));
      }),
    );
  });

  it('leaves room for the frame of every message and what a host puts in front of the prompt', () => {
    expect(inputTokensUpperBound({ ...sizeOf('', 0), frame: PROMPT_FRAME_AT_MOST })).toBe(1_024);
    expect(inputTokensUpperBound({ ...sizeOf('', 10), frame: 5 })).toBe(5 + 80);
  });
});
