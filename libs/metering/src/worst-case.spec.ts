import fc from 'fast-check';
import { ZERO_USAGE, totalInput, totalOutput } from '@switchyard/contract';
import type { Price, PriceTier, Usage } from '@switchyard/contract';
import { costOf } from './cost.js';
import { OPUS, NO_PRICE, attemptAt } from './price.fixture.js';
import type { AttemptFields } from './price.fixture.js';
import { worstCaseOf } from './worst-case.js';
import type { WorstCase, WorstCaseFacts } from './worst-case.js';

const PLAIN: WorstCaseFacts = {
  inputTokensUpperBound: 1_000,
  outputTokensMax: 100,
  images: 0,
  choices: 1,
  webSearchesMax: 0,
  writesCache: null,
  audio: false,
};

const worst = (facts: Partial<WorstCaseFacts>, ...endpoints: AttemptFields[]): WorstCase =>
  worstCaseOf({ ...PLAIN, ...facts }, endpoints.map(attemptAt));

describe('the worst case of a request', () => {
  it.each<[string, Partial<WorstCaseFacts>, AttemptFields, number]>([
    ['prompt and declared output', {}, {}, 1_000 * 5_000 + 100 * 25_000],
    ['the declared output of every choice', { choices: 3 }, {}, 1_000 * 5_000 + 300 * 25_000],
    ['the premium of a five-minute cache entry', { writesCache: '5m' }, {}, 1_000 * 6_250 + 100 * 25_000],
    ['the premium of a one-hour cache entry', { writesCache: '1h' }, {}, 1_000 * 10_000 + 100 * 25_000],
    ['a cache premium unasked where the host decides', {}, { dialect: 'openai-chat' }, 1_000 * 6_250 + 100 * 25_000],
    ['reasoning where it is dearer', {}, { price: { ...OPUS, reasoning: 30_000_000 } }, 1_000 * 5_000 + 100 * 30_000],
    ['completion where reasoning is cheaper', {}, { price: { ...OPUS, reasoning: 1 } }, 1_000 * 5_000 + 100 * 25_000],
    ['audio as audio', { audio: true }, { price: { ...OPUS, audio: 40_000_000 } }, 1_100 * 40_000],
    ['no audio where there is none', {}, { price: { ...OPUS, audio: 40_000_000 } }, 1_000 * 5_000 + 100 * 25_000],
    [
      'fees per request and image',
      { images: 3 },
      { price: { ...OPUS, request: 5_000_000_000, image: 1_000_000_000 } },
      1_000 * 5_000 + 100 * 25_000 + 8_000_000,
    ],
    [
      'a fraction of a nano-dollar as a whole one',
      { outputTokensMax: 0 },
      { price: { ...OPUS, prompt: 1 } },
      1_000 * 500,
    ],
  ])('counts %s', (_title, facts, endpoint, nanoUsd) => {
    expect(worst(facts, endpoint)).toMatchObject({ costNanoUsd: nanoUsd, isBounded: true });
  });

  it('reads the prompt again after every web search, with all that was found', () => {
    const price = { ...OPUS, webSearch: 10_000_000_000 };
    expect(worst({ webSearchesMax: 2 }, { price })).toEqual({
      inputTokens: 3 * 1_000 + (1 + 2) * 20_000,
      outputTokens: 100,
      costNanoUsd: 63_000 * 5_000 + 100 * 25_000 + 2 * 10_000_000,
      isBounded: true,
    });
    expect(worst({ webSearchesMax: 2 }, { price, contextLength: 5_000 }).inputTokens).toBe(15_000);
  });

  it.each<[string, AttemptFields, number]>([
    ['the endpoint', { maxOutputTokens: 8_000, model: { maxOutputTokens: 9_000 } }, 8_000],
    ['the model', { model: { maxOutputTokens: 9_000 } }, 9_000],
    ['the context of the endpoint', { contextLength: 5_000, model: { contextLength: 6_000 } }, 5_000],
    [
      'the context of the model, when the output limit is above it',
      { maxOutputTokens: 8_000, model: { contextLength: 6_000 } },
      6_000,
    ],
  ])('takes undeclared output from %s', (_title, endpoint, tokens) => {
    expect(worst({ outputTokensMax: null }, endpoint)).toMatchObject({ outputTokens: tokens, isBounded: true });
  });

  it('takes a prompt of unknown length for a whole context', () => {
    expect(worst({ inputTokensUpperBound: null }, { contextLength: 7_000 }).inputTokens).toBe(7_000);
    expect(worst({ inputTokensUpperBound: 9_000 }, { contextLength: 7_000 }).inputTokens).toBe(7_000);
  });

  it('is the dearest endpoint, whatever its rank', () => {
    const cheap = { price: { ...OPUS, prompt: 1_000, completion: 1_000 }, maxOutputTokens: 50_000 };
    expect(worst({ outputTokensMax: null }, cheap, { maxOutputTokens: 100 })).toMatchObject({
      outputTokens: 50_000,
      costNanoUsd: 1_000 * 5_000 + 100 * 25_000,
    });
    expect(worst({}, cheap, {}).costNanoUsd).toBe(worst({}, {}, cheap).costNanoUsd);
  });

  it('is the dearest tier that the prompt can reach, which need not be the last', () => {
    const priceTiers: PriceTier[] = [
      { abovePromptTokens: 500, price: { completion: 900_000_000 } },
      { abovePromptTokens: 900, price: { completion: 1_000 } },
      { abovePromptTokens: 1_000, price: { prompt: 1_000_000_000 } },
    ];
    expect(worst({}, { priceTiers }).costNanoUsd).toBe(900 * 5_000 + 100 * 900_000);
    expect(worst({ inputTokensUpperBound: 500 }, { priceTiers }).costNanoUsd).toBe(500 * 5_000 + 100 * 25_000);
    expect(worst({ inputTokensUpperBound: 1_001 }, { priceTiers }).costNanoUsd).toBe(1_001 * 1_000_000 + 100);
  });

  it.each<[string, Partial<WorstCaseFacts>, AttemptFields]>([
    ['no price for the prompt', {}, { price: { ...OPUS, prompt: null } }],
    ['no price for the output', {}, { price: { ...OPUS, completion: null } }],
    ['no price for web searches', { webSearchesMax: 1 }, {}],
    ['no limit of the output at all', { outputTokensMax: null }, {}],
    ['a prompt of unknown length in a context of unknown length', { inputTokensUpperBound: null }, {}],
    ['tokens beyond counting', { choices: Number.MAX_SAFE_INTEGER }, {}],
    ['money beyond counting', { outputTokensMax: Number.MAX_SAFE_INTEGER }, {}],
  ])('is no bound with %s, even when other endpoints have one', (_title, facts, endpoint) => {
    const figures = worst(facts, endpoint, {
      price: { ...OPUS, webSearch: 0 },
      contextLength: 10,
      maxOutputTokens: 10,
    });
    expect(figures.isBounded).toBe(false);
    expect(Object.values(figures).slice(0, 3).every(Number.isSafeInteger)).toBe(true);
  });

  it('needs no price for what cannot be used', () => {
    const price = { ...NO_PRICE, prompt: 5_000_000 };
    expect(worst({ outputTokensMax: 0 }, { price })).toMatchObject({ costNanoUsd: 5_000_000, isBounded: true });
  });

  it('is nothing without an endpoint to go to', () => {
    expect(worst({})).toEqual({ inputTokens: 0, outputTokens: 0, costNanoUsd: 0, isBounded: true });
  });
});

describe('no usage within the bounds', () => {
  const pico = fc.option(fc.nat({ max: 2_000_000_000 }));
  const anyPrice: fc.Arbitrary<Price> = fc.record({
    prompt: fc.nat({ max: 100_000_000 }),
    completion: fc.nat({ max: 100_000_000 }),
    cacheRead: pico,
    cacheWrite: pico,
    cacheWrite1h: pico,
    reasoning: pico,
    audio: pico,
    image: pico,
    request: pico,
    webSearch: fc.nat({ max: 2_000_000_000 }),
  });
  const anyTiers: fc.Arbitrary<PriceTier[]> = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 60_000 }), anyPrice), { maxLength: 3 })
    .map((tiers) =>
      tiers
        .sort(([one], [other]) => one - other)
        .map(([abovePromptTokens, price]) => ({
          abovePromptTokens,
          price: Object.fromEntries(Object.entries(price).filter(([, value]) => value !== null)),
        })),
    );
  const anyEndpoint = fc.record({
    price: anyPrice,
    priceTiers: anyTiers,
    contextLength: fc.option(fc.integer({ min: 1, max: 50_000 })),
    maxOutputTokens: fc.integer({ min: 1, max: 20_000 }),
    dialect: fc.constantFrom<'anthropic-messages' | 'openai-chat'>('anthropic-messages', 'openai-chat'),
  });
  const anyFacts: fc.Arbitrary<WorstCaseFacts> = fc.record({
    inputTokensUpperBound: fc.nat({ max: 60_000 }),
    outputTokensMax: fc.option(fc.nat({ max: 30_000 })),
    images: fc.nat({ max: 3 }),
    choices: fc.integer({ min: 1, max: 3 }),
    webSearchesMax: fc.nat({ max: 2 }),
    writesCache: fc.constantFrom(null, '5m', '1h'),
    audio: fc.boolean(),
  });
  /** Shares of the tokens and searches that the bounds leave, in the order of `usageWithin`. */
  const anyShares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 10, maxLength: 10 });

  /** A usage of at most the tokens of the worst case, of the kinds that the facts allow. */
  function usageWithin(facts: WorstCaseFacts, bound: WorstCase, marks: boolean, shares: readonly number[]): Usage {
    const left = { input: bound.inputTokens, output: bound.outputTokens };
    const take = (side: keyof typeof left, index: number, allowed = true): number => {
      const tokens = allowed ? Math.round(left[side] * (shares[index] ?? 0)) : 0;
      left[side] -= tokens;
      return tokens;
    };
    return {
      cacheWrite1h: take('input', 0, facts.writesCache === '1h'),
      cacheWrite5m: take('input', 1, facts.writesCache !== null || !marks),
      audioInput: take('input', 2, facts.audio),
      cacheRead: take('input', 3),
      uncachedInput: take('input', 4),
      reasoning: take('output', 5),
      audioOutput: take('output', 6, facts.audio),
      imageOutput: take('output', 7),
      output: take('output', 8),
      webSearches: Math.round(facts.webSearchesMax * (shares[9] ?? 0)),
    };
  }

  it('costs more than the worst case, at any of the endpoints', () => {
    fc.assert(
      fc.property(
        anyFacts,
        fc.array(anyEndpoint, { minLength: 1, maxLength: 3 }),
        anyShares,
        (facts, fields, shares) => {
          const attempts = fields.map(attemptAt);
          const bound = worstCaseOf(facts, attempts);
          expect(bound.isBounded).toBe(true);
          for (const attempt of attempts) {
            // Each endpoint by its own bounds: the fields of the whole may come from different ones.
            const own = worstCaseOf(facts, [attempt]);
            const marks = attempt.endpoint.provider.dialect === 'anthropic-messages';
            const usage = usageWithin(facts, own, marks, shares);
            expect(totalInput(usage)).toBeLessThanOrEqual(bound.inputTokens);
            expect(totalOutput(usage)).toBeLessThanOrEqual(bound.outputTokens);
            expect(costOf(usage, attempt.endpoint, facts.images).nanoUsd).toBeLessThanOrEqual(bound.costNanoUsd);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('would fit a smaller figure: some usage costs the worst case to within a nano-dollar', () => {
    const facts = { ...PLAIN, writesCache: '1h' } as const;
    const usage = { ...ZERO_USAGE, cacheWrite1h: 1_000, output: 100 };
    expect(worst(facts, {}).costNanoUsd).toBe(costOf(usage, { price: OPUS, priceTiers: [] }).nanoUsd);
  });
});
