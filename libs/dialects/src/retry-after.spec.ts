import fc from 'fast-check';
import { parseRetryAfter, parseWait } from './retry-after.js';

const NOW = Date.parse('Fri, 20 Nov 2026 16:00:00 GMT');

const RUNS = 10_000;
const anyWait = fc.oneof(
  fc.string(),
  fc.stringMatching(/^[\d.smhd]{0,8}$/),
  fc.date().map((date) => (Number.isNaN(date.getTime()) ? 'Invalid Date' : date.toUTCString())),
);
const isBounded = (wait: number | undefined): boolean => wait === undefined || (wait >= 0 && wait <= 86_400);

describe('retry-after', () => {
  it.each<[string, Record<string, string>, number | undefined]>([
    ['seconds', { 'retry-after': '30' }, 30],
    ['fractions of a second', { 'retry-after': ' 1.5 ' }, 1.5],
    ['zero', { 'retry-after': '0' }, 0],
    ['an HTTP date ahead', { 'retry-after': 'Fri, 20 Nov 2026 16:00:30 GMT' }, 30],
    ['an HTTP date gone by', { 'retry-after': 'Fri, 20 Nov 2026 15:00:00 GMT' }, 0],
    ['an RFC 3339 date', { 'retry-after': '2026-11-20T16:01:00Z' }, 60],
    ['a duration', { 'retry-after': '7m12s' }, 432],
    ['a duration in milliseconds', { 'retry-after': '120ms' }, 0.12],
    ['milliseconds before seconds', { 'retry-after-ms': '1500', 'retry-after': '9' }, 1.5],
    ['the seconds when the milliseconds are nonsense', { 'retry-after-ms': 'soon', 'retry-after': '9' }, 9],
    ['more than a day as a day', { 'retry-after': '99999999999' }, 86_400],
    [
      'the reset of the quota that is used up',
      {
        'x-ratelimit-remaining-requests': '12',
        'x-ratelimit-reset-requests': '1h',
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-reset-tokens': '6m0s',
      },
      360,
    ],
    [
      'no reset while quota is left',
      { 'x-ratelimit-remaining-tokens': '5', 'x-ratelimit-reset-tokens': '6m0s' },
      undefined,
    ],
    ['nothing', {}, undefined],
    ['a negative number as nothing', { 'retry-after': '-5' }, undefined],
    ['words as nothing', { 'retry-after': 'later' }, undefined],
    ['Infinity as nothing', { 'retry-after': 'Infinity' }, undefined],
    ['scientific notation as nothing', { 'retry-after': '1e9' }, undefined],
  ])('understands %s', (_, headers, expected) => {
    expect(parseRetryAfter(headers, NOW)).toBe(expected);
  });

  it('understands no date without a clock', () => {
    expect(parseRetryAfter({ 'retry-after': 'Fri, 20 Nov 2026 16:00:30 GMT' }, Number.NaN)).toBeUndefined();
  });

  it('is total: any text gives nothing or a bounded number of seconds', () => {
    fc.assert(
      fc.property(anyWait, fc.double(), (text, now) => isBounded(parseWait(text, now))),
      { numRuns: RUNS },
    );
    const names = ['retry-after', 'retry-after-ms', 'date', 'x-ratelimit-remaining-tokens', 'x-ratelimit-reset-tokens'];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), anyWait), fc.double(), (headers, now) =>
        isBounded(parseRetryAfter(headers, now)),
      ),
      { numRuns: RUNS },
    );
  });

  it('holds dates against the clock of whoever wrote them', () => {
    const headers = { 'retry-after': 'Fri, 20 Nov 2026 16:00:30 GMT', date: 'Fri, 20 Nov 2026 16:00:10 GMT' };
    expect(parseRetryAfter(headers, NOW)).toBe(20);
    expect(parseRetryAfter(headers, Number.NaN)).toBe(20);
    expect(parseRetryAfter({ ...headers, date: 'today' }, NOW)).toBe(30);
  });
});
