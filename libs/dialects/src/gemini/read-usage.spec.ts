import fc from 'fast-check';
import { ZERO_USAGE } from '@switchyard/contract';
import type { JsonObject, JsonValue, Usage } from '@switchyard/contract';
import { NONSENSE, anyReport, expectCounts } from '../token-counts.fixture.js';
import { GeminiUsageReader } from './read-usage.js';

function read(...reports: readonly JsonValue[]): ReturnType<GeminiUsageReader['report']> {
  const reader = new GeminiUsageReader();
  for (const report of reports) reader.read(report);
  return reader.report();
}

describe('the token counts of Gemini', () => {
  it.each<[string, JsonObject, Partial<Usage>]>([
    [
      'thoughts outside the candidates',
      { promptTokenCount: 9, candidatesTokenCount: 29, thoughtsTokenCount: 258, totalTokenCount: 296 },
      { uncachedInput: 9, output: 29, reasoning: 258 },
    ],
    [
      'thoughts inside the candidates, when the total says so',
      { promptTokenCount: 9, candidatesTokenCount: 287, thoughtsTokenCount: 258, totalTokenCount: 296 },
      { uncachedInput: 9, output: 29, reasoning: 258 },
    ],
    [
      'thoughts alone',
      { promptTokenCount: 21, thoughtsTokenCount: 60, totalTokenCount: 81 },
      { uncachedInput: 21, reasoning: 60 },
    ],
    [
      'candidates that only the total knows of',
      { promptTokenCount: 21, thoughtsTokenCount: 60, totalTokenCount: 100 },
      { uncachedInput: 21, output: 19, reasoning: 60 },
    ],
    [
      'cached tokens inside the prompt',
      { promptTokenCount: 2152, cachedContentTokenCount: 2027, candidatesTokenCount: 36, totalTokenCount: 2188 },
      { uncachedInput: 125, cacheRead: 2027, output: 36 },
    ],
    [
      'what tools brought in on top of the prompt',
      { promptTokenCount: 22, toolUsePromptTokenCount: 198, candidatesTokenCount: 5, totalTokenCount: 225 },
      { uncachedInput: 220, output: 5 },
    ],
    [
      'audio apart from text, but not audio from the cache',
      {
        promptTokenCount: 100,
        cachedContentTokenCount: 40,
        promptTokensDetails: [
          { modality: 'TEXT', tokenCount: 30 },
          { modality: 'AUDIO', tokenCount: 70 },
        ],
        cacheTokensDetails: [{ modality: 'AUDIO', tokenCount: 40 }],
        candidatesTokenCount: 5,
      },
      { uncachedInput: 30, cacheRead: 40, audioInput: 30, output: 5 },
    ],
    [
      'audio that a tool brought in',
      {
        promptTokenCount: 10,
        toolUsePromptTokenCount: 30,
        toolUsePromptTokensDetails: [{ modality: 'AUDIO', tokenCount: 20 }],
      },
      { uncachedInput: 20, audioInput: 20 },
    ],
    [
      'images and speech in the answer',
      {
        promptTokenCount: 10,
        candidatesTokenCount: 1400,
        candidatesTokensDetails: [
          { modality: 'IMAGE', tokenCount: 1290 },
          { modality: 'AUDIO', tokenCount: 60 },
        ],
      },
      { uncachedInput: 10, output: 50, imageOutput: 1290, audioOutput: 60 },
    ],
  ])('are read with %s', (_title, usageMetadata, expected) => {
    expect(read(usageMetadata)).toEqual({ present: true, usage: { ...ZERO_USAGE, ...expected }, suspect: [] });
  });

  it('are replaced by later chunks, and outlive chunks that say less', () => {
    const first = { promptTokenCount: 50, cachedContentTokenCount: 30, totalTokenCount: 50 };
    const last = { promptTokenCount: 50, candidatesTokenCount: 8, totalTokenCount: 58, cachedContentTokenCount: null };
    expect(read(first, last, { trafficType: 'ON_DEMAND' }, null)).toMatchObject({
      usage: { uncachedInput: 20, cacheRead: 30, output: 8 },
      suspect: [],
    });
  });

  it('are absent when nothing was counted', () => {
    expect(read().present).toBe(false);
    expect(read({ trafficType: 'PROVISIONED_THROUGHPUT' }, 'x', [1]).present).toBe(false);
    expect(read({ promptTokenCount: 0, candidatesTokenCount: 0 }).present).toBe(true);
  });

  it.each([...NONSENSE])('leave out the nonsense %p and say so', (nonsense) => {
    const report = read({ promptTokenCount: 10, candidatesTokenCount: 3, thoughtsTokenCount: nonsense });
    expect(report).toMatchObject({ usage: { uncachedInput: 10, output: 3, reasoning: 0 } });
    expect(report.suspect).toEqual(['thoughtsTokenCount']);
  });

  it('say so when more was cached than sent', () => {
    expect(read({ promptTokenCount: 5, cachedContentTokenCount: 9 })).toMatchObject({
      usage: { uncachedInput: 0, cacheRead: 5 },
      suspect: ['cachedContentTokenCount'],
    });
  });

  it('never come out negative or fractional, whatever the upstream says', () => {
    const members = [
      'promptTokenCount',
      'candidatesTokenCount',
      'thoughtsTokenCount',
      'totalTokenCount',
      'cachedContentTokenCount',
      'toolUsePromptTokenCount',
      'promptTokensDetails',
      'cacheTokensDetails',
      'candidatesTokensDetails',
    ];
    fc.assert(
      fc.property(fc.array(anyReport(members, ['tokenCount']), { maxLength: 3 }), (reports) => {
        expectCounts(read(...reports));
      }),
    );
  });
});
