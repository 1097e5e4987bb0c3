import { breakerChanges, otherWarnings } from './breaker-changes.js';
import { saidIn } from './said-in.js';
import { trend } from './trend.js';

describe('what experiments conclude from', () => {
  it('is the straight line through what was measured, and how sure it is', () => {
    expect(trend([0, 1, 2, 3].map((x) => [x, 10 + 2 * x]))).toEqual({ slope: 2, error: 0 });
    const noisy = trend([
      [0, 1],
      [1, -1],
      [2, 1],
      [3, -1],
    ]);
    expect(noisy.slope).toBeCloseTo(-0.4);
    expect(noisy.error).toBeGreaterThan(0.4);
  });

  it('is every change of mind about Redis that a log tells, and nothing else of it', () => {
    const line = (fields: object): string => JSON.stringify({ level: 40, time: '2026-11-20T22:00:00.000Z', ...fields });
    const log = [
      line({ role: 'worker', event: 'breaker', from: 'closed', to: 'open' }),
      line({ role: 'worker', msg: 'something else' }),
      line({ level: 30, role: 'worker', msg: 'request' }),
      'no JSON at all',
    ].join('\n');
    expect(breakerChanges(log)).toEqual([{ atMs: Date.UTC(2026, 10, 20, 22), to: 'open', role: 'worker' }]);
    expect(otherWarnings(log)).toHaveLength(1);
  });

  it.each([
    [
      'a chat stream',
      'data: {"choices":[{"delta":{"content":"can"}}]}\n\ndata: {"choices":[{"delta":{"content":"ary \\"1\\""}}]}',
    ],
    ['a message', '{"type":"message","content":[{"type":"text","text":"canary \\"1\\""}]}'],
  ])('is what a model said, wherever %s cuts it', (_where, text) => {
    expect(saidIn(text)).toBe('canary "1"');
  });
});
