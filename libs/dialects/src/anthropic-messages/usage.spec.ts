import { ZERO_USAGE, totalInput, totalOutput } from '@switchyard/contract';
import fc from 'fast-check';
import { UsageReader, writeUsage } from './usage.js';

function read(...reports: unknown[]): ReturnType<UsageReader['report']> {
  const reader = new UsageReader();
  for (const report of reports) reader.read(report);
  return reader.report();
}

describe('token counts', () => {
  it('are replaced by later reports count by count, never added', () => {
    const report = read(
      { input_tokens: 43, cache_read_input_tokens: 7, output_tokens: 1 },
      { input_tokens: 61, output_tokens: 20 },
      { input_tokens: null, output_tokens: 25 },
    );
    expect(report.usage).toEqual({ ...ZERO_USAGE, uncachedInput: 61, cacheRead: 7, output: 25 });
    expect(report.suspect).toEqual([]);
  });

  it('may name the cache only at the end', () => {
    const report = read(
      { input_tokens: 5, output_tokens: 1 },
      { cache_read_input_tokens: 9, cache_creation_input_tokens: 4, output_tokens: 2 },
    );
    expect(report.usage).toMatchObject({ uncachedInput: 5, cacheRead: 9, cacheWrite5m: 4, cacheWrite1h: 0 });
  });

  it('split cache writes by lifetime, and the split of the first report outlives a total without one', () => {
    const split = { ephemeral_5m_input_tokens: 300, ephemeral_1h_input_tokens: 600 };
    const first = { input_tokens: 1, cache_creation_input_tokens: 900, cache_creation: split, output_tokens: 1 };
    expect(read(first, { cache_creation_input_tokens: 1_000, output_tokens: 2 }).usage).toMatchObject({
      cacheWrite5m: 400,
      cacheWrite1h: 600,
    });
  });

  it('take reasoning out of the output, where Anthropic counts it in', () => {
    const report = read({ input_tokens: 1, output_tokens: 40, output_tokens_details: { thinking_tokens: 32 } });
    expect(report.usage).toMatchObject({ output: 8, reasoning: 32 });
  });

  it('include compactions, which the totals leave out', () => {
    const message = { type: 'message', input_tokens: 682, output_tokens: 1320 };
    const compaction = {
      type: 'compaction',
      input_tokens: 60_385,
      output_tokens: 592,
      cache_read_input_tokens: 7,
      iterations: [{ type: 'compaction', input_tokens: 1e6 }],
    };
    const report = read(
      { input_tokens: 682, output_tokens: 1, iterations: [compaction] },
      { output_tokens: 1320, iterations: [compaction, message, null] },
    );
    expect(report).toMatchObject({ usage: { uncachedInput: 61_067, cacheRead: 7, output: 1912 }, suspect: [] });
  });

  it('name an advisor, whose model has prices of its own, and nonsense in a compaction', () => {
    const iterations = [
      { type: 'advisor_message', model: 'claude-opus-4-7', input_tokens: 2728, output_tokens: 874 },
      { type: 'compaction', input_tokens: -1, output_tokens: 5 },
    ];
    expect(read({ input_tokens: 2414, output_tokens: 3200, iterations })).toMatchObject({
      usage: { uncachedInput: 2414, output: 3205 },
      suspect: ['iterations.advisor_message', 'iterations.input_tokens'],
    });
  });

  it.each([-5, -0.5, NaN, Infinity, 2 ** 31, '12', 1e300, {}, true])(
    'ignore the nonsense %p and say so',
    (nonsense) => {
      const report = read({ input_tokens: 10, output_tokens: 3 }, { output_tokens: nonsense });
      expect(report.usage).toMatchObject({ uncachedInput: 10, output: 3 });
      expect(report.suspect).toEqual(['output_tokens']);
    },
  );

  it('say so when the output shrinks or a part is larger than its whole', () => {
    expect(read({ output_tokens: 9 }, { output_tokens: 0 }).suspect).toEqual(['output_tokens']);
    expect(read({ output_tokens: 2, output_tokens_details: { thinking_tokens: 5 } }).suspect).toEqual([
      'output_tokens_details.thinking_tokens',
    ]);
  });

  it('are absent when nothing was reported', () => {
    expect(read(undefined, null, 'x', {}).present).toBe(false);
    expect(read({ input_tokens: 0, output_tokens: 0 }).present).toBe(true);
  });

  it('come back the same after being written', () => {
    const count = fc.nat({ max: 1_000_000 });
    const usages = fc.record({
      uncachedInput: count,
      cacheRead: count,
      cacheWrite5m: count,
      cacheWrite1h: count,
      output: count,
      reasoning: count,
      webSearches: count,
    });
    fc.assert(
      fc.property(usages, (counts) => {
        const usage = { ...ZERO_USAGE, ...counts };
        const written = writeUsage({ present: true, usage, suspect: [] }, undefined);
        expect(read(written)).toEqual({ present: true, usage, suspect: [] });
      }),
    );
  });

  it('never come out negative or fractional, whatever the upstream says', () => {
    const names = fc.constantFrom(
      'input_tokens',
      'output_tokens',
      'cache_creation_input_tokens',
      'cache_read_input_tokens',
      'cache_creation',
      'output_tokens_details',
    );
    const nested = fc.dictionary(
      fc.constantFrom('thinking_tokens', 'ephemeral_1h_input_tokens', 'ephemeral_5m_input_tokens'),
      fc.oneof(fc.double(), fc.jsonValue()),
    );
    fc.assert(
      fc.property(fc.array(fc.dictionary(names, fc.oneof(fc.double(), nested, fc.jsonValue()))), (reports) => {
        const { usage } = read(...reports);
        for (const count of [...Object.values(usage), totalInput(usage), totalOutput(usage)]) {
          expect(Number.isInteger(count) && count >= 0).toBe(true);
        }
      }),
    );
  });

  it("call Anthropic's standard tier by the neutral word", () => {
    const reader = new UsageReader();
    reader.read({ service_tier: 'standard' });
    expect(reader.serviceTier).toBe('default');
    expect(writeUsage(reader.report(), 'default')['service_tier']).toBe('standard');
    expect(writeUsage(reader.report(), 'priority')['service_tier']).toBe('priority');
  });
});
