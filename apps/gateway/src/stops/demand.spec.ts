import type { Endpoint, Plan, PlannedAttempt } from '@switchyard/contract';
import { endpoint, model, planOf, price, provider } from '../../../../test/testing/plan-fixture.js';
import { callerLimits } from './caller-limits.js';
import type { CallerLimits } from './caller-limits.js';
import { demandOf } from './demand.js';
import type { DemandingRequest } from './demand.js';

const NANO_PER_USD = 1_000_000_000;
const BUDGET = limits({ budgetNanoUsd: { day: NANO_PER_USD, month: null, total: null } });
const RATES = limits({ outputTokensPerMinute: 1_000 });

function limits(rules: object): CallerLimits {
  const none = {
    mode: null,
    requestsPerMinute: null,
    inputTokensPerMinute: null,
    outputTokensPerMinute: null,
    concurrency: null,
    budgetNanoUsd: { day: null, month: null, total: null },
  };
  return callerLimits({ id: 't', limits: null }, { keyId: 'k', limits: { ...none, ...rules } }, 'enforce');
}

/** USD per million tokens. */
const at = (prompt: number, completion: number, fields: Partial<Endpoint> = {}): PlannedAttempt => {
  const served = model('acme/m', { maxOutputTokens: 4_000, contextLength: 100_000 });
  return {
    rank: 1,
    model: served,
    endpoint: endpoint(served.id, provider(`host-${String(prompt)}`), { price: price(prompt, completion), ...fields }),
    expectedCostUsd: 0,
    worstCaseCostUsd: 0,
    firstChoiceProbability: 1,
    because: [],
  };
};

const bodyOf = (text: string): DemandingRequest['body'] => ({ bytes: Buffer.from(text), characters: text.length });

function request(plan: Plan, fields: Partial<DemandingRequest> = {}): DemandingRequest {
  const body = bodyOf('{"messages":[]}');
  return { plan, body, textLength: 100, bounds: { messages: 1, choices: 1, webSearchesMax: 0 }, frame: 0, ...fields };
}

describe('what a request asks of the limits', () => {
  it('is what it declares of the output, and what is expected of the input', () => {
    const plan = planOf([at(1, 2)], { promptTokensEstimate: 30, maxOutputTokens: 50 });
    expect(demandOf(request(plan), RATES)).toEqual({ inputTokens: 30, outputTokens: 50, costNanoUsd: 0 });
  });

  it('is the output of every answer it asks for', () => {
    const plan = planOf([at(1, 2)], { maxOutputTokens: 50 });
    const demand = demandOf(request(plan, { bounds: { messages: 1, choices: 3, webSearchesMax: 0 } }), RATES);
    expect(demand.outputTokens).toBe(150);
  });

  it('is never more undeclared output than an empty bucket has room for', () => {
    const plan = planOf([at(1, 2)], { maxOutputTokens: null });
    expect(demandOf(request(plan), RATES).outputTokens).toBe(250);
    expect(demandOf(request(plan), limits({ outputTokensPerMinute: 1_000_000 })).outputTokens).toBe(4_000);
  });

  it('is the price of the dearest endpoint it may be sent to, for a caller with a budget', () => {
    const plan = planOf([at(1, 2), at(10, 20), at(3, 4)], { maxOutputTokens: 50 });
    // A byte a token, and 8 for the frame of the message.
    expect(demandOf(request(plan), BUDGET).costNanoUsd).toBe(108 * 10_000 + 50 * 20_000);
  });

  it('allows for what the host puts in front of the prompt', () => {
    const plan = planOf([at(1, 2)], { maxOutputTokens: 0 });
    const demand = demandOf(request(plan, { frame: 1_000 }), BUDGET);
    expect(demand.costNanoUsd - demandOf(request(plan), BUDGET).costNanoUsd).toBe(1_000 * 1_000);
  });

  it('counts the bytes of what takes more than one, wherever it stands in the body', () => {
    const plan = planOf([at(1, 0)], { maxOutputTokens: 0 });
    const plain = demandOf(request(plan, { body: bodyOf('"aaaa"') }), BUDGET).costNanoUsd;
    expect(demandOf(request(plan, { body: bodyOf('"語語語語"') }), BUDGET).costNanoUsd - plain).toBe(8 * 1_000);
  });

  it('takes the premium of the cache when the request marks it, dearer for an hour', () => {
    const anthropic = at(1, 0, { price: { ...price(1, 0), cacheWrite: 1_250_000, cacheWrite1h: 2_000_000 } });
    const host = { ...anthropic.endpoint.provider, dialect: 'anthropic-messages' as const };
    const plan = planOf([{ ...anthropic, endpoint: { ...anthropic.endpoint, provider: host } }], {
      maxOutputTokens: 0,
    });
    const costOf = (body: string): number => demandOf(request(plan, { body: bodyOf(body) }), BUDGET).costNanoUsd;
    const [plain, short, long] = [
      costOf('{}'),
      costOf('{"cache_control":{}}'),
      costOf('{"cache_control":{"ttl":"1h"}}'),
    ];
    expect([plain, short, long]).toEqual([108_000, 135_000, 216_000]);
  });

  it('takes a file as a whole context, and as its bytes where no context is stated', () => {
    const facts = { inputModalities: ['text', 'file'] as const, maxOutputTokens: 0 };
    expect(demandOf(request(planOf([at(1, 0)], facts)), BUDGET).costNanoUsd).toBe(100_000 * 1_000);
    const boundless = at(1, 0);
    const unstated = { ...boundless, model: { ...boundless.model, contextLength: null } };
    const demand = demandOf(request(planOf([unstated], facts), { body: bodyOf(' '.repeat(500)) }), BUDGET);
    expect(demand.costNanoUsd).toBe(500 * 1_000);
  });

  it('assumes a generous answer of an endpoint that states no limit to a request that declares none', () => {
    const attempt = at(0, 1);
    const unstated = { ...attempt, model: { ...attempt.model, contextLength: null, maxOutputTokens: null } };
    const demand = demandOf(request(planOf([unstated], { maxOutputTokens: null })), BUDGET);
    expect(demand.costNanoUsd).toBe(32_768 * 1_000);
  });
});
