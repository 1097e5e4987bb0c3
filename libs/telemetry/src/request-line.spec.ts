import { ZERO_USAGE } from '@switchyard/contract';
import { costOfLine, roundedMs, tokensOfLine } from './request-line.js';

describe('the line of a request', () => {
  it('names the counts that are not zero', () => {
    expect(tokensOfLine({ ...ZERO_USAGE, uncachedInput: 3, cacheWrite1h: 2 })).toEqual({
      uncached_input: 3,
      cache_write_1h: 2,
    });
    expect(tokensOfLine(ZERO_USAGE)).toEqual({});
  });

  it('has every count of a usage', () => {
    const all = Object.fromEntries(Object.keys(ZERO_USAGE).map((count) => [count, 1])) as unknown as typeof ZERO_USAGE;
    expect(Object.keys(tokensOfLine(all))).toHaveLength(Object.keys(ZERO_USAGE).length);
  });

  it('keeps money whole and times to a tenth of a millisecond', () => {
    expect(costOfLine({ nanoUsd: 5, inputNanoUsd: 2, outputNanoUsd: 3, incomplete: false })).toEqual({
      cost_nano_usd: 5,
      cost_incomplete: false,
    });
    expect(roundedMs(1.26)).toBe(1.3);
  });
});
