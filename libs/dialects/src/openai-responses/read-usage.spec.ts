import fc from 'fast-check';
import { ZERO_USAGE } from '@switchyard/contract';
import { NONSENSE, anyReport, expectCounts } from '../token-counts.fixture.js';
import { readResponsesUsage } from './read-usage.js';

describe('the token counts of the Responses API', () => {
  it('have cached and written tokens inside the input, and reasoning inside the output', () => {
    const usage = {
      input_tokens: 7243,
      input_tokens_details: { cached_tokens: 3072, cache_write_tokens: 1000 },
      output_tokens: 423,
      output_tokens_details: { reasoning_tokens: 58 },
      total_tokens: 7666,
    };
    expect(readResponsesUsage(usage)).toEqual({
      present: true,
      usage: { ...ZERO_USAGE, uncachedInput: 3171, cacheRead: 3072, cacheWrite5m: 1000, output: 365, reasoning: 58 },
      suspect: [],
    });
  });

  it.each([undefined, null, 'x', [], {}, { prompt_tokens: 3 }])('are absent in %j', (raw) => {
    expect(readResponsesUsage(raw).present).toBe(false);
  });

  it.each([...NONSENSE])('leave out the nonsense %p and say so in the words of the protocol', (nonsense) => {
    expect(readResponsesUsage({ input_tokens: 10, output_tokens: nonsense })).toMatchObject({
      present: true,
      usage: { uncachedInput: 10, output: 0 },
      suspect: ['output_tokens'],
    });
  });

  it('never come out negative or fractional, whatever the upstream says', () => {
    const members = ['input_tokens', 'output_tokens', 'total_tokens', 'input_tokens_details', 'output_tokens_details'];
    const details = ['cached_tokens', 'cache_write_tokens', 'audio_tokens', 'reasoning_tokens', 'image_tokens'];
    fc.assert(
      fc.property(anyReport(members, details), (report) => {
        expectCounts(readResponsesUsage(report));
      }),
    );
  });
});
