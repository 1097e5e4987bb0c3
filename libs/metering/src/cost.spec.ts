import fc from 'fast-check';
import { ZERO_USAGE, totalInput } from '@switchyard/contract';
import type { Price, PriceTier, Usage } from '@switchyard/contract';
import { costFields, costOf, usdOfNano } from './cost.js';
import { NO_PRICE, OPUS } from './price.fixture.js';

const usage = (fields: Partial<Usage>): Usage => ({ ...ZERO_USAGE, ...fields });
const at = (price: Price, priceTiers: readonly PriceTier[] = []) => ({ price, priceTiers });

describe('costOf', () => {
  it.each<[string, Partial<Usage>, number]>([
    ['plain input and output', { uncachedInput: 1000, output: 100 }, 7_500_000],
    ['cache reads at a tenth', { uncachedInput: 1000, cacheRead: 10_000 }, 10_000_000],
    ['five-minute writes at their premium', { cacheWrite5m: 1000 }, 6_250_000],
    ['one-hour writes at theirs', { cacheWrite1h: 1000 }, 10_000_000],
    ['reasoning as completion when it has no price of its own', { reasoning: 40 }, 1_000_000],
    ['nothing for nothing', {}, 0],
  ])('charges %s', (_name, fields, nanoUsd) => {
    expect(costOf(usage(fields), at(OPUS)).nanoUsd).toBe(nanoUsd);
  });

  it('charges cached tokens once, not again as plain input', () => {
    const cost = costOf(usage({ uncachedInput: 100, cacheRead: 900, output: 10 }), at(OPUS));
    expect(cost.nanoUsd).toBe(100 * 5_000 + 900 * 500 + 10 * 25_000);
  });

  it('prices a prompt that passes a tier at the tier, whole', () => {
    const tiers = [{ abovePromptTokens: 200_000, price: { prompt: 10_000_000 } }];
    expect(costOf(usage({ uncachedInput: 200_000 }), at(OPUS, tiers)).nanoUsd).toBe(1_000_000_000);
    expect(costOf(usage({ uncachedInput: 200_001 }), at(OPUS, tiers)).nanoUsd).toBe(2_000_010_000);
  });

  it('adds request and image fees', () => {
    const price = { ...OPUS, request: 5_000_000_000, image: 1_000_000_000 };
    expect(costOf(ZERO_USAGE, at(price), 3).nanoUsd).toBe(8_000_000);
  });

  it('says when a price it needed is unknown', () => {
    expect(costOf(usage({ output: 1 }), at({ ...OPUS, completion: null })).incomplete).toBe(true);
    expect(costOf(usage({ uncachedInput: 1 }), at({ ...OPUS, completion: null })).incomplete).toBe(false);
    expect(costOf(usage({ imageOutput: 1 }), at({ ...OPUS, completion: null })).incomplete).toBe(true);
    expect(costOf(usage({ webSearches: 1 }), at(OPUS)).incomplete).toBe(true);
    expect(costOf(usage({ webSearches: 1 }), at({ ...OPUS, webSearch: 0 })).incomplete).toBe(false);
  });

  it('keeps whole = input + output, grows with tokens and is exact, for all amounts', () => {
    const count = fc.integer({ min: 0, max: 10_000_000 });
    const price = fc.integer({ min: 0, max: 1_000_000_000 });
    fc.assert(
      fc.property(count, count, count, price, price, (uncachedInput, cacheRead, output, prompt, completion) => {
        const prices = at({ ...NO_PRICE, prompt, completion });
        const before = costOf(usage({ uncachedInput, cacheRead, output }), prices);
        const after = costOf(usage({ uncachedInput, cacheRead, output: output + 1 }), prices);
        const pico =
          BigInt(totalInput(usage({ uncachedInput, cacheRead }))) * BigInt(prompt) +
          BigInt(output) * BigInt(completion);
        expect(before.inputNanoUsd + before.outputNanoUsd).toBe(before.nanoUsd);
        expect(after.nanoUsd).toBeGreaterThanOrEqual(before.nanoUsd);
        expect(BigInt(before.nanoUsd)).toBe((pico + 500n) / 1000n);
      }),
    );
  });
});

describe('costFields', () => {
  const COST = { nanoUsd: 7_500_000, inputNanoUsd: 5_000_000, outputNanoUsd: 2_500_000, incomplete: false };

  it('says what the account of a caller was charged, and that it costs nothing here', () => {
    expect(costFields(COST, true)).toMatchObject({
      cost: 0,
      is_byok: true,
      cost_details: { upstream_inference_cost: 0.0075 },
    });
  });

  it('does not put a number on what nobody knows the price of', () => {
    expect(costFields({ ...COST, incomplete: true }, true)).toEqual({
      cost: 0,
      is_byok: true,
      cost_details: { upstream_inference_cost: null },
    });
  });

  it('reports USD with the parts that make it up', () => {
    expect(
      costFields({ nanoUsd: 7_500_000, inputNanoUsd: 5_000_000, outputNanoUsd: 2_500_000, incomplete: false }),
    ).toEqual({
      cost: 0.0075,
      is_byok: false,
      cost_details: {
        upstream_inference_cost: 0.0075,
        upstream_inference_prompt_cost: 0.005,
        upstream_inference_completions_cost: 0.0025,
      },
    });
  });

  it('prints nano-USD as exact decimals', () => {
    expect(usdOfNano(1)).toBe(1e-9);
    expect(usdOfNano(123_456_789)).toBe(0.123456789);
  });
});
