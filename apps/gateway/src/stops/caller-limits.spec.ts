import type { LimitRules } from '../config/gateway-config.js';
import { NO_LIMITS, callerLimits } from './caller-limits.js';

const rules = (fields: Partial<LimitRules> = {}): LimitRules => ({
  mode: null,
  requestsPerMinute: null,
  inputTokensPerMinute: null,
  outputTokensPerMinute: null,
  concurrency: null,
  budgetNanoUsd: { day: null, month: null, total: null },
  ...fields,
});

describe("a caller's limits", () => {
  it("are the tenant's and the key's, each in its own name", () => {
    const tenant = { id: 't', limits: rules({ budgetNanoUsd: { day: 5, month: null, total: 7 } }) };
    const { all, hasBudget } = callerLimits(tenant, { keyId: 'k', limits: rules({ concurrency: 2 }) }, 'enforce');
    expect(all).toEqual([
      { level: 'tenant', owner: 't', dimension: 'budget_day', limit: 5, mode: 'enforce' },
      { level: 'tenant', owner: 't', dimension: 'budget_total', limit: 7, mode: 'enforce' },
      { level: 'key', owner: 'k', dimension: 'concurrency', limit: 2, mode: 'enforce' },
    ]);
    expect(hasBudget).toBe(true);
  });

  it('follow the mode of their own rules before that of the deployment', () => {
    const key = { keyId: 'k', limits: rules({ mode: 'shadow', requestsPerMinute: 1 }) };
    const tenant = { id: 't', limits: rules({ requestsPerMinute: 9 }) };
    expect(callerLimits(tenant, key, 'off').all).toMatchObject([{ owner: 'k', mode: 'shadow' }]);
  });

  it('are none when nothing is set, or all is off', () => {
    expect(callerLimits({ id: 't', limits: null }, { keyId: 'k', limits: rules() }, 'enforce')).toBe(NO_LIMITS);
    expect(callerLimits({ id: 't', limits: null }, { keyId: 'k', limits: rules({ concurrency: 1 }) }, 'off')).toBe(
      NO_LIMITS,
    );
  });

  it('keep a budget of nothing, which lets nobody spend anything', () => {
    const key = { keyId: 'k', limits: rules({ budgetNanoUsd: { day: 0, month: null, total: null } }) };
    expect(callerLimits({ id: 't', limits: null }, key, 'enforce').all).toMatchObject([{ limit: 0 }]);
  });
});
