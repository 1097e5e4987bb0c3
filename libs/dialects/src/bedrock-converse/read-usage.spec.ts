import fc from 'fast-check';
import { ZERO_USAGE } from '@switchyard/contract';
import type { JsonObject, Usage } from '@switchyard/contract';
import { NONSENSE, anyReport, expectCounts } from '../token-counts.fixture.js';
import { readConverseUsage } from './read-usage.js';

describe('the token counts of Bedrock Converse', () => {
  it.each<[string, JsonObject, Partial<Usage>]>([
    ['nothing cached', { inputTokens: 22, outputTokens: 57, totalTokens: 79 }, { uncachedInput: 22, output: 57 }],
    [
      'the cache outside the input',
      { inputTokens: 3, cacheReadInputTokens: 900, cacheWriteInputTokens: 50, outputTokens: 7, totalTokens: 960 },
      { uncachedInput: 3, cacheRead: 900, cacheWrite5m: 50, output: 7 },
    ],
    [
      'cache writes by lifetime',
      {
        inputTokens: 3,
        outputTokens: 7,
        cacheWriteInputTokens: 60,
        cacheDetails: [
          { ttl: '1h', inputTokens: 40 },
          { ttl: '5m', inputTokens: 20 },
        ],
      },
      { uncachedInput: 3, cacheWrite5m: 20, cacheWrite1h: 40, output: 7 },
    ],
    [
      'lifetimes without a sum',
      {
        inputTokens: 3,
        outputTokens: 7,
        cacheDetails: [
          { ttl: '1h', inputTokens: 40 },
          { ttl: '5m', inputTokens: 20 },
        ],
      },
      { uncachedInput: 3, cacheWrite5m: 20, cacheWrite1h: 40, output: 7 },
    ],
  ])('are read with %s', (_title, usage, expected) => {
    expect(readConverseUsage(usage)).toEqual({ present: true, usage: { ...ZERO_USAGE, ...expected }, suspect: [] });
  });

  it.each([undefined, null, 'x', [], {}, { serverToolUsage: {} }])('are absent in %j', (raw) => {
    expect(readConverseUsage(raw).present).toBe(false);
  });

  it.each([...NONSENSE])('leave out the nonsense %p and say so', (nonsense) => {
    const report = readConverseUsage({ inputTokens: 10, outputTokens: 3, cacheReadInputTokens: nonsense });
    expect(report).toMatchObject({ present: true, usage: { uncachedInput: 10, output: 3, cacheRead: 0 } });
    expect(report.suspect).toEqual(['cacheReadInputTokens']);
  });

  it('say so when a lifetime has more than all writes', () => {
    const details = { cacheWriteInputTokens: 5, cacheDetails: [{ ttl: '1h', inputTokens: 9 }] };
    expect(readConverseUsage({ inputTokens: 1, outputTokens: 1, ...details })).toMatchObject({
      usage: { cacheWrite5m: 0, cacheWrite1h: 5 },
      suspect: ['cacheDetails'],
    });
  });

  it('never come out negative or fractional, whatever the upstream says', () => {
    const members = ['inputTokens', 'outputTokens', 'cacheReadInputTokens', 'cacheWriteInputTokens', 'cacheDetails'];
    fc.assert(
      fc.property(anyReport(members, ['ttl', 'inputTokens']), (report) => {
        expectCounts(readConverseUsage(report));
      }),
    );
  });
});
