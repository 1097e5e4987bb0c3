import fc from 'fast-check';
import { ZERO_USAGE, totalInput, totalOutput } from '@switchyard/contract';
import type { JudgedUsage, Usage, UsageEvidence } from '@switchyard/contract';
import { judgeUsage } from './judge-usage.js';

const SEEN: UsageEvidence = {
  promptTokensEstimate: 1_000,
  contentLength: 350,
  maxOutputTokens: null,
  choices: 1,
  broken: false,
};
const NOTHING_SEEN = { ...SEEN, contentLength: 0 };

const judge = (usage: Partial<Usage>, evidence: Partial<UsageEvidence> = {}): JudgedUsage =>
  judgeUsage({ present: true, usage: { ...ZERO_USAGE, ...usage }, suspect: [] }, { ...SEEN, ...evidence });

it('charges no more than was asked for where an upstream wrote on and on, whatever it reports', () => {
  const runaway = { maxOutputTokens: 64, contentLength: 10_000, broken: true };
  expect(judge({ uncachedInput: 9, output: 700 }, runaway)).toMatchObject({ usage: { output: 64 }, source: 'partial' });
  expect(judge({ uncachedInput: 9 }, { ...runaway, choices: 2 })).toMatchObject({ usage: { output: 128 } });
  const unreported = judgeUsage({ present: false, usage: ZERO_USAGE, suspect: [] }, { ...SEEN, ...runaway });
  expect(unreported).toMatchObject({ usage: { output: 64 }, source: 'estimated' });
});

describe('a report of usage', () => {
  it.each<[string, Partial<Usage>, Partial<UsageEvidence>]>([
    ['is plain', { uncachedInput: 900, output: 90 }, {}],
    ['says the whole prompt was cached', { cacheRead: 900, output: 90 }, {}],
    ['has far more input than the text, for a file or a search', { uncachedInput: 900_000, output: 90 }, {}],
    ['has far more output than was seen, where no limit was declared', { uncachedInput: 9, output: 90_000 }, {}],
    [
      'fills the declared limit with what cannot be seen',
      { uncachedInput: 9, output: 64_000 },
      { maxOutputTokens: 64_000 },
    ],
    [
      'reasons beyond the declared limit',
      { uncachedInput: 9, output: 100, reasoning: 30_000 },
      { maxOutputTokens: 100 },
    ],
    ['reasons only', { uncachedInput: 9, reasoning: 100 }, {}],
    [
      'has the declared output for each choice',
      { uncachedInput: 9, output: 4_000 },
      { maxOutputTokens: 1_000, choices: 4 },
    ],
    [
      'has a token for each letter of a dense script',
      { uncachedInput: 9, output: 4_000 },
      { maxOutputTokens: 10, contentLength: 4_000 },
    ],
    ['makes an image and no text', { uncachedInput: 9, imageOutput: 4_000 }, { ...NOTHING_SEEN, maxOutputTokens: 10 }],
    ['is all zeros when nothing was delivered', {}, NOTHING_SEEN],
    ['has no output when nothing was delivered', { uncachedInput: 9 }, NOTHING_SEEN],
  ])('stands when it %s', (_title, usage, evidence) => {
    expect(judge(usage, evidence)).toEqual({ usage: { ...ZERO_USAGE, ...usage }, source: 'upstream', suspect: [] });
  });

  it.each<[string, Partial<Usage>, Partial<UsageEvidence>, Partial<Usage>, string]>([
    ['no output though text was delivered', { cacheRead: 900 }, {}, { cacheRead: 900, output: 100 }, 'no_output'],
    ['no input though there was an answer', { output: 90 }, {}, { uncachedInput: 1_000, output: 90 }, 'no_input'],
    [
      'more output than was declared or delivered',
      { uncachedInput: 900, output: 50_000, reasoning: 7 },
      { maxOutputTokens: 200 },
      { uncachedInput: 900, output: 100, reasoning: 7 },
      'output_above_limit',
    ],
    ['absurd output', { uncachedInput: 9, reasoning: 2e9 }, {}, { uncachedInput: 9, output: 100 }, 'absurd_output'],
    ['absurd input', { cacheWrite1h: 2e9, output: 9 }, {}, { uncachedInput: 1_000, output: 9 }, 'absurd_input'],
    [
      'absurd searches',
      { uncachedInput: 9, output: 9, webSearches: 1e6 },
      {},
      { uncachedInput: 9, output: 9 },
      'absurd_web_searches',
    ],
    ['what is no count', { uncachedInput: NaN, output: 9 }, {}, { uncachedInput: 1_000, output: 100 }, 'not_counts'],
    ['a negative count', { uncachedInput: 9, output: -9 }, {}, { uncachedInput: 1_000, output: 100 }, 'not_counts'],
  ])('with %s is replaced by an estimate in that part, and flagged', (_title, usage, evidence, expected, doubt) => {
    expect(judge(usage, evidence)).toEqual({
      usage: { ...ZERO_USAGE, ...expected },
      source: 'estimated',
      suspect: [doubt],
    });
  });

  it('that is missing is an estimate', () => {
    expect(judgeUsage({ present: false, usage: ZERO_USAGE, suspect: ['prompt_tokens'] }, SEEN)).toEqual({
      usage: { ...ZERO_USAGE, uncachedInput: 1_000, output: 100 },
      source: 'estimated',
      suspect: ['prompt_tokens'],
    });
  });

  it('keeps the suspects of its reader', () => {
    const report = { present: true, usage: { ...ZERO_USAGE, uncachedInput: 5, output: 5 }, suspect: ['cached_tokens'] };
    expect(judgeUsage(report, SEEN)).toEqual({ usage: report.usage, source: 'upstream', suspect: ['cached_tokens'] });
  });

  it('of a broken answer gives way to what was delivered, when that is more output', () => {
    const broken = { ...SEEN, broken: true };
    expect(judge({ uncachedInput: 9, output: 1 }, broken)).toMatchObject({ usage: { output: 100 }, source: 'partial' });
    expect(judge({ uncachedInput: 9, output: 150 }, broken)).toMatchObject({
      usage: { output: 150 },
      source: 'partial',
    });
    expect(judge({ uncachedInput: 9, output: 1, reasoning: 60 }, broken)).toMatchObject({
      usage: { output: 40, reasoning: 60 },
    });
    expect(judge({ uncachedInput: 9, output: 3e9 }, broken)).toMatchObject({
      usage: { output: 100 },
      source: 'estimated',
    });
  });
});

describe('judging', () => {
  const count = fc.nat({ max: 1_000_000 });
  const evidence: fc.Arbitrary<UsageEvidence> = fc.record({
    promptTokensEstimate: count,
    contentLength: count,
    maxOutputTokens: fc.option(count),
    choices: fc.integer({ min: 1, max: 8 }),
    broken: fc.boolean(),
  });

  it('never rejects a report that can be true', () => {
    const truthful = fc.record({
      uncachedInput: count,
      cacheRead: count,
      cacheWrite5m: count,
      cacheWrite1h: count,
      audioInput: count,
      output: count,
      reasoning: count,
      imageOutput: count,
      audioOutput: count,
      webSearches: fc.nat({ max: 100 }),
    });
    fc.assert(
      fc.property(truthful, evidence, (told, seen) => {
        const limit = seen.maxOutputTokens === null ? Infinity : seen.maxOutputTokens * seen.choices;
        const usage = { ...told, uncachedInput: told.uncachedInput + 1, output: Math.min(told.output + 1, limit) };
        fc.pre(totalOutput(usage) > 0);
        const judged = judgeUsage({ present: true, usage, suspect: [] }, { ...seen, broken: false });
        expect(judged).toEqual({ usage, source: 'upstream', suspect: [] });
      }),
    );
  });

  it('makes safe counts of anything, and says so when they are not the report', () => {
    const anything = fc.oneof(count, fc.double(), fc.integer(), fc.maxSafeInteger());
    const usages: fc.Arbitrary<Usage> = fc.record({
      uncachedInput: anything,
      cacheRead: anything,
      cacheWrite5m: anything,
      cacheWrite1h: anything,
      audioInput: anything,
      output: anything,
      reasoning: anything,
      imageOutput: anything,
      audioOutput: anything,
      webSearches: anything,
    });
    fc.assert(
      fc.property(usages, evidence, (usage, seen) => {
        const judged = judgeUsage({ present: true, usage, suspect: [] }, seen);
        for (const tokens of [...Object.values(judged.usage), totalInput(judged.usage), totalOutput(judged.usage)]) {
          expect(Number.isSafeInteger(tokens) && tokens >= 0).toBe(true);
        }
        if (judged.source === 'upstream') expect(judged.usage).toEqual(usage);
        else if (judged.source === 'estimated') expect(judged.suspect).not.toEqual([]);
      }),
    );
  });
});
