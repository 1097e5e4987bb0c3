import fc from 'fast-check';
import { totalInput, totalOutput } from '@switchyard/contract';
import type { JsonObject, Usage } from '@switchyard/contract';
import { UsageReader, readUsage, writeUsage } from './usage.js';

const count = fc.nat({ max: 1_000_000 });
const anyUsage: fc.Arbitrary<Usage> = fc.record({
  uncachedInput: count,
  cacheRead: count,
  cacheWrite5m: count,
  cacheWrite1h: fc.constant(0),
  audioInput: count,
  output: count,
  reasoning: count,
  imageOutput: count,
  audioOutput: count,
  webSearches: fc.nat({ max: 5 }),
});

describe('reading usage', () => {
  it.each<[string, JsonObject, Partial<Usage>]>([
    [
      'OpenAI: cached and written tokens are inside the prompt, reasoning inside the completion',
      {
        prompt_tokens: 100,
        completion_tokens: 50,
        total_tokens: 150,
        prompt_tokens_details: { cached_tokens: 30, cache_write_tokens: 20, audio_tokens: 5 },
        completion_tokens_details: { reasoning_tokens: 40, audio_tokens: 3 },
      },
      { uncachedInput: 45, cacheRead: 30, cacheWrite5m: 20, audioInput: 5, output: 7, reasoning: 40, audioOutput: 3 },
    ],
    [
      'DeepSeek: hits and misses',
      { prompt_tokens: 339, completion_tokens: 83, prompt_cache_hit_tokens: 320, prompt_cache_miss_tokens: 19 },
      { uncachedInput: 19, cacheRead: 320, output: 83 },
    ],
    [
      'Moonshot: cached tokens at the top',
      { prompt_tokens: 20, completion_tokens: 30, total_tokens: 50, cached_tokens: 10 },
      { uncachedInput: 10, cacheRead: 10, output: 30 },
    ],
    [
      'xAI: reasoning outside the completion, told by the total',
      {
        prompt_tokens: 12,
        completion_tokens: 1,
        total_tokens: 303,
        completion_tokens_details: { reasoning_tokens: 290 },
      },
      { uncachedInput: 12, output: 1, reasoning: 290 },
    ],
    [
      'OpenRouter: web searches',
      { prompt_tokens: 1, completion_tokens: 1, server_tool_use_details: { web_search_requests: 2 } },
      { uncachedInput: 1, output: 1, webSearches: 2 },
    ],
    [
      'Alibaba: writes in the words of Anthropic, by lifetime',
      {
        prompt_tokens: 1618,
        completion_tokens: 5,
        prompt_tokens_details: {
          cached_tokens: 0,
          cache_creation_input_tokens: 1605,
          cache_creation: { ephemeral_5m_input_tokens: 1205, ephemeral_1h_input_tokens: 400 },
        },
      },
      { uncachedInput: 13, cacheWrite5m: 1205, cacheWrite1h: 400, output: 5 },
    ],
  ])('%s', (_host, raw, expected) => {
    const report = readUsage(raw, {});
    expect(report.present).toBe(true);
    expect(report.suspect).toEqual([]);
    expect(report.usage).toMatchObject(expected);
    const counted = Object.values(expected).reduce((sum, tokens) => sum + tokens, 0) - (expected.webSearches ?? 0);
    expect(totalInput(report.usage) + totalOutput(report.usage)).toBe(counted);
  });

  it('takes reasoning as outside where the profile says so, whatever the total', () => {
    const raw = { prompt_tokens: 5, completion_tokens: 2, completion_tokens_details: { reasoning_tokens: 9 } };
    const { usage } = readUsage(raw, { completionTokens: 'exclude-reasoning' });
    expect(usage).toMatchObject({ output: 2, reasoning: 9 });
  });

  it.each<[string, JsonObject, Partial<Usage>]>([
    ['in the total alone', { total_tokens: 1725 }, { output: 102, reasoning: 865 }],
    [
      'inside the completion, by the total',
      { total_tokens: 860, completion_tokens_details: { reasoning_tokens: 60 } },
      { output: 42, reasoning: 60 },
    ],
    ['nowhere', { total_tokens: 860 }, { output: 102, reasoning: 0 }],
    ['nowhere, and no total', {}, { output: 102, reasoning: 0 }],
  ])('finds the thoughts of Google %s', (_where, more, expected) => {
    const raw = { prompt_tokens: 758, completion_tokens: 102, ...more };
    const report = readUsage(raw, { completionTokens: 'exclude-reasoning' });
    expect(report).toMatchObject({ usage: { uncachedInput: 758, ...expected }, suspect: [] });
  });

  it('takes a total that is larger than its parts for nothing where no profile says so', () => {
    expect(readUsage({ prompt_tokens: 5, completion_tokens: 2, total_tokens: 99 }, {}).usage.reasoning).toBe(0);
  });

  it.each<[string, JsonObject, string]>([
    ['negative', { prompt_tokens: -1, completion_tokens: 5 }, 'prompt_tokens'],
    ['huge', { prompt_tokens: 2 ** 31, completion_tokens: 5 }, 'prompt_tokens'],
    ['text', { prompt_tokens: '12', completion_tokens: 5 }, 'prompt_tokens'],
    ['fractional', { prompt_tokens: 1, completion_tokens: 1.5 }, 'completion_tokens'],
    ['more cached than prompt', { prompt_tokens: 5, completion_tokens: 1, cached_tokens: 9 }, 'cached_tokens'],
    [
      'more reasoning than completion',
      { prompt_tokens: 5, completion_tokens: 1, completion_tokens_details: { reasoning_tokens: 9 } },
      'reasoning_tokens',
    ],
  ])('names a %s count as suspect and never counts below zero', (_case, raw, name) => {
    const report = readUsage(raw, {});
    expect(report.suspect).toContain(name);
    for (const tokens of Object.values(report.usage)) expect(tokens).toBeGreaterThanOrEqual(0);
  });

  it.each([[null], [undefined], [{}], [{ cost: 1 }], ['12'], [[1]]])('reports %j as absent', (raw) => {
    expect(readUsage(raw, {}).present).toBe(false);
  });
});

describe('the usage of a stream', () => {
  const read = (...chunks: readonly JsonObject[]) => {
    const reader = new UsageReader({});
    for (const chunk of chunks) reader.read(chunk);
    return reader.report;
  };

  it.each<[string, JsonObject]>([
    ['on a chunk of its own', { choices: [], usage: { prompt_tokens: 5, completion_tokens: 2, cached_tokens: 4 } }],
    ['under x_groq', { x_groq: { usage: { prompt_tokens: 5, completion_tokens: 2, cached_tokens: 4 } } }],
    [
      'in the choice that ends the answer',
      { choices: [{ index: 0, usage: { prompt_tokens: 5, completion_tokens: 2, cached_tokens: 4 } }] },
    ],
  ])('is found %s', (_where, chunk) => {
    expect(read({ choices: [{ index: 0, delta: {} }], usage: null }, chunk)).toMatchObject({
      present: true,
      usage: { uncachedInput: 1, cacheRead: 4, output: 2 },
    });
  });

  it('is the last one told, and keeps what a later one leaves out', () => {
    const details = { prompt_tokens_details: { cached_tokens: 4 } };
    const report = read(
      { usage: { prompt_tokens: 5, completion_tokens: 1, ...details } },
      { usage: { prompt_tokens: 5, completion_tokens: 9, prompt_tokens_details: null } },
      { usage: {} },
    );
    expect(report.usage).toMatchObject({ uncachedInput: 1, cacheRead: 4, output: 9 });
  });

  it('is absent until it is told', () => {
    expect(read({ choices: [] }, { usage: null }).present).toBe(false);
  });
});

describe('usage in OpenAI arithmetic', () => {
  it('survives writing and reading', () => {
    fc.assert(
      fc.property(anyUsage, (usage) => {
        // A total that fits xAI's habit by chance would be ambiguous only with reasoning outside the completion.
        expect(readUsage(writeUsage(usage, null), {}).usage).toEqual(usage);
      }),
    );
  });

  it('adds cost beside the counts', () => {
    const written = writeUsage(readUsage({ prompt_tokens: 3, completion_tokens: 4 }, {}).usage, { cost: 0.5 });
    expect(written).toMatchObject({ prompt_tokens: 3, completion_tokens: 4, total_tokens: 7, cost: 0.5 });
  });
});
