import fc from 'fast-check';
import { RetryBudgets } from './retry-budgets.js';
import type { RetryBudgetSettings } from './retry-budgets.js';

const DEFAULTS: RetryBudgetSettings = {
  tenant: { ratio: 0.1, floor: 10, windowMs: 60_000 },
  provider: { ratio: 0.2, floor: 3 },
  process: { tokens: 500, cost: 14 },
};

function budgets(settings: Partial<RetryBudgetSettings> = {}) {
  const clock = { now: 0 };
  return { clock, budgets: new RetryBudgets({ ...DEFAULTS, ...settings }, () => clock.now) };
}

/** A further attempt that is over at once. */
function retry(all: RetryBudgets, tenant: string, provider: string, isSuccess = false): string | null {
  const exhausted = all.exhausted(tenant, provider);
  if (exhausted !== null) return exhausted;
  all.attemptStarted(tenant, provider, true);
  all.attemptEnded(provider, true, isSuccess);
  return null;
}

function count(times: number, run: () => string | null): number {
  let allowed = 0;
  for (let index = 0; index < times; index += 1) if (run() === null) allowed += 1;
  return allowed;
}

describe('the budget of a tenant', () => {
  it('allows the floor in quiet traffic and a share of the requests in busy traffic', () => {
    const { budgets: all } = budgets({ process: { tokens: 1_000_000, cost: 1 } });
    all.requestStarted('quiet');
    expect(count(50, () => retry(all, 'quiet', 'one'))).toBe(10);
    expect(retry(all, 'quiet', 'one')).toBe('tenant');
    for (let index = 0; index < 1_000; index += 1) all.requestStarted('busy');
    expect(count(500, () => retry(all, 'busy', 'one'))).toBe(100);
  });

  it('is back after the window, and bothers no other tenant', () => {
    const { budgets: all, clock } = budgets();
    count(20, () => retry(all, 'loud', 'one'));
    expect(retry(all, 'other', 'one')).toBeNull();
    clock.now = 70_001;
    expect(retry(all, 'loud', 'one')).toBeNull();
  });

  it('is kept for a bounded number of tenants', () => {
    const { budgets: all } = budgets({ process: { tokens: 1_000_000, cost: 1 } });
    count(10, () => retry(all, 'first', 'one'));
    for (let index = 0; index < 10_000; index += 1) all.requestStarted(`tenant-${String(index)}`);
    expect(retry(all, 'first', 'one')).toBeNull();
  });
});

describe('the budget of a provider', () => {
  it('bounds how many further attempts run at once, not how many there are', () => {
    const { budgets: all } = budgets();
    for (let index = 0; index < 3; index += 1) all.attemptStarted('a', 'one', true);
    expect(all.exhausted('a', 'one')).toBe('provider');
    expect(all.exhausted('a', 'two')).toBeNull();
    all.attemptEnded('one', true, false);
    expect(all.exhausted('a', 'one')).toBeNull();
    all.attemptStarted('a', 'one', true);
    for (let index = 0; index < 16; index += 1) all.attemptStarted('a', 'one', false);
    expect(all.exhausted('a', 'one')).toBeNull();
  });
});

describe('the bucket of the process', () => {
  const wide = { tenant: { ratio: 1, floor: 1_000_000, windowMs: 60_000 } };

  it('is emptied by further attempts that fail, and filled by every success', () => {
    const { budgets: all } = budgets(wide);
    expect(count(100, () => retry(all, 'a', 'one'))).toBe(35);
    expect(retry(all, 'a', 'one')).toBe('process');
    for (let index = 0; index < 14; index += 1) {
      all.attemptStarted('a', 'one', false);
      all.attemptEnded('one', false, true);
    }
    expect(count(5, () => retry(all, 'a', 'one'))).toBe(1);
  });

  it('gets back what a further attempt took when that succeeds', () => {
    const { budgets: all } = budgets(wide);
    expect(count(1_000, () => retry(all, 'a', 'one', true))).toBe(1_000);
  });

  it('fills up within a minute by itself, and not beyond its size', () => {
    const { budgets: all, clock } = budgets(wide);
    count(100, () => retry(all, 'a', 'one'));
    clock.now = 3_600_000;
    expect(count(100, () => retry(all, 'a', 'one'))).toBe(35);
  });

  it('takes new settings at once', () => {
    const { budgets: all } = budgets(wide);
    all.configure({ ...DEFAULTS, ...wide, process: { tokens: 28, cost: 14 } });
    expect(count(100, () => retry(all, 'a', 'one'))).toBe(2);
  });
});

type Step =
  | { readonly kind: 'request'; readonly tenant: string; readonly provider: string }
  | { readonly kind: 'retry'; readonly tenant: string; readonly provider: string }
  | { readonly kind: 'end'; readonly index: number; readonly isSuccess: boolean }
  | { readonly kind: 'wait'; readonly milliseconds: number };

const tenant = fc.constantFrom('a', 'b');
const provider = fc.constantFrom('one', 'two');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('request'), tenant, provider }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('retry'), tenant, provider }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('end'), index: fc.nat(50), isSuccess: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait'), milliseconds: fc.nat(30_000) }) },
);

/** What the budgets promise, counted from a complete history. */
class History {
  now = 0;
  readonly running: { readonly provider: string; readonly isRetry: boolean }[] = [];
  private readonly events: { readonly tenant: string; readonly isRetry: boolean; readonly atMs: number }[] = [];
  private tokens = DEFAULTS.process.tokens;

  note(tenantId: string, isRetry: boolean): void {
    this.events.push({ tenant: tenantId, isRetry, atMs: this.now });
    if (isRetry) this.tokens -= DEFAULTS.process.cost;
  }

  pass(milliseconds: number): void {
    this.now += milliseconds;
    this.fill((milliseconds / 60_000) * DEFAULTS.process.tokens);
  }

  end(index: number, isSuccess: boolean): { readonly provider: string; readonly isRetry: boolean } | null {
    const [ended] = this.running.splice(index, 1);
    if (ended === undefined) return null;
    if (isSuccess) this.fill(ended.isRetry ? DEFAULTS.process.cost : 1);
    return ended;
  }

  /** A further attempt just begun is within every bound. */
  check(tenantId: string, providerId: string): void {
    const since = (isRetry: boolean, windowMs: number): number =>
      this.events.filter((one) => one.tenant === tenantId && one.isRetry === isRetry && one.atMs > this.now - windowMs)
        .length;
    expect(since(true, 60_000)).toBeLessThanOrEqual(Math.max(10, 0.1 * since(false, 70_000)));
    const here = this.running.filter((one) => one.provider === providerId);
    expect(here.filter(({ isRetry }) => isRetry).length).toBeLessThanOrEqual(Math.max(3, 0.2 * here.length));
    expect(this.tokens).toBeGreaterThan(-1e-6);
  }

  private fill(tokens: number): void {
    this.tokens = Math.min(DEFAULTS.process.tokens, this.tokens + tokens);
  }
}

it('no order of requests, further attempts and ends exceeds a budget', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const history = new History();
      const all = new RetryBudgets(DEFAULTS, () => history.now);
      for (const one of steps) {
        if (one.kind === 'wait') history.pass(one.milliseconds);
        else if (one.kind === 'end') {
          const ended = history.end(one.index, one.isSuccess);
          if (ended !== null) all.attemptEnded(ended.provider, ended.isRetry, one.isSuccess);
        } else {
          const isRetry = one.kind === 'retry';
          if (isRetry && all.exhausted(one.tenant, one.provider) !== null) continue;
          if (!isRetry) all.requestStarted(one.tenant);
          all.attemptStarted(one.tenant, one.provider, isRetry);
          history.note(one.tenant, isRetry);
          history.running.push({ provider: one.provider, isRetry });
          if (isRetry) history.check(one.tenant, one.provider);
        }
      }
    }),
    { numRuns: 500 },
  );
});
