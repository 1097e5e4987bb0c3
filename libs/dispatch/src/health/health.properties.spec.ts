import type { CatalogSnapshot, Endpoint, RequestFacts } from '@switchyard/contract';
import { mergePolicy, plan } from '@switchyard/routing';
import fc from 'fast-check';
import { RULES, tracked } from './health.fixture.js';
import type { Tracked } from './health.fixture.js';
import { endpoint, model, planOf, provider } from '../../../../test/testing/plan-fixture.js';

/** Laws of endpoint health over random histories. */

const ENDPOINTS = ['one', 'two', 'three'].map((id) => endpoint('a/m', provider(id)));
const FACTS: RequestFacts = planOf([]).facts;
const POLICY = mergePolicy({ operator: null, tenant: null, key: null, request: null });

type Step =
  | { readonly does: 'walk' }
  | { readonly does: 'wait'; readonly forMs: number }
  | { readonly does: 'fail' | 'limit' | 'refuse' | 'succeed' | 'nothing' | 'probe'; readonly at: number };

const someStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Step>({ does: 'walk' }) },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('wait' as const), forMs: fc.integer({ min: 1, max: 60_000 }) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      does: fc.constantFrom('fail', 'fail', 'fail', 'limit', 'refuse', 'succeed', 'nothing', 'probe'),
      at: fc.nat(ENDPOINTS.length - 1),
    }),
  },
);
const someHistory = fc.array(someStep, { maxLength: 80 });

function catalogOf(endpoints: readonly Endpoint[]): CatalogSnapshot {
  const only = model('a/m', { endpoints });
  return {
    version: 'test',
    models: [only],
    providers: endpoints.map((entry) => entry.provider),
    resolve: () => ({ model: only, variants: [] }),
    findProvider: () => null,
  };
}

/** Plans a request and asks for admission as a walk through the plan does; the endpoints that were let in. */
function walk({ health }: Tracked, endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const { attempts } = plan({
    facts: FACTS,
    policy: POLICY,
    catalog: catalogOf(endpoints),
    health,
    seed: 1,
    maxAttempts: 8,
    stickyEndpoint: null,
  });
  return attempts
    .filter((attempt, index) => health.admit(attempt.endpoint, index === attempts.length - 1))
    .map((attempt) => attempt.endpoint);
}

function take(step: Step, tracker: Tracked, endpoints: readonly Endpoint[]): void {
  if (step.does === 'wait') {
    tracker.clock.nowMs += step.forMs;
    return;
  }
  if (step.does === 'walk') return;
  const at = endpoints[step.at % endpoints.length];
  if (at === undefined) return;
  if (step.does === 'succeed') tracker.succeed(1, at);
  else if (step.does === 'nothing') tracker.health.recordNothing(at);
  else if (step.does === 'probe') tracker.health.recordAnsweredProbe(at, 'main');
  else tracker.fail(1, ({ fail: 'server', limit: 'rate_limited', refuse: 'auth' } as const)[step.does], at);
}

const someChance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('health, whatever happened', () => {
  it('always leaves a request somewhere to go', () => {
    fc.assert(
      fc.property(someHistory, fc.integer({ min: 1, max: ENDPOINTS.length }), someChance, (history, size, chance) => {
        const endpoints = ENDPOINTS.slice(0, size);
        const tracker = tracked(endpoints, () => chance);
        for (const step of history) {
          take(step, tracker, endpoints);
          expect(walk(tracker, endpoints).length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('ejects for a bounded time, and by itself no endpoint stays out', () => {
    fc.assert(
      fc.property(someHistory, someChance, (history, chance) => {
        const tracker = tracked(ENDPOINTS, () => chance);
        for (const step of history) take(step, tracker, ENDPOINTS);
        for (const event of tracker.events) {
          if (event.type === 'ejected') expect(event.forMs).toBeLessThanOrEqual(RULES.maxEjectionMs);
        }
        tracker.clock.nowMs += RULES.maxEjectionMs;
        for (const at of ENDPOINTS) {
          expect(tracker.health.of(at)?.circuitOpen ?? false).toBe(false);
          expect(tracker.health.admit(at, false)).toBe(true);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('admits one trial at a time, and none while an endpoint is ejected', () => {
    fc.assert(
      fc.property(someHistory, someChance, (history, chance) => {
        const tracker = tracked([ENDPOINTS[0] as Endpoint], () => chance);
        const at = ENDPOINTS[0] as Endpoint;
        let trialSinceMs: number | null = null;
        for (const step of history) {
          if (step.does !== 'walk') {
            take(step, tracker, [at]);
            // Any outcome is the verdict of the trial, or gives its place back; an ejection ends it.
            if (step.does !== 'wait' && step.does !== 'probe') trialSinceMs = null;
            continue;
          }
          const before = tracker.health.circuitOf(at);
          const isAdmitted = tracker.health.admit(at, false);
          if (before === 'ejected') expect(isAdmitted).toBe(false);
          if (before !== 'trial' || !isAdmitted) continue;
          const silentMs: number = trialSinceMs === null ? Infinity : tracker.clock.nowMs - trialSinceMs;
          expect(silentMs).toBeGreaterThanOrEqual(RULES.ejectionMs);
          trialSinceMs = tracker.clock.nowMs;
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('brings back an endpoint whose requests succeed again', () => {
    fc.assert(
      fc.property(someHistory, someChance, (history, chance) => {
        const tracker = tracked(ENDPOINTS, () => chance);
        for (const step of history) take(step, tracker, ENDPOINTS);
        tracker.clock.nowMs += RULES.maxEjectionMs;
        for (const at of ENDPOINTS) {
          if (tracker.health.admit(at, false)) tracker.succeed(1, at);
          expect(tracker.health.circuitOf(at)).toBe('closed');
          expect(tracker.health.of(at)?.band).not.toBe('outage');
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('what processes tell each other', () => {
  it('adds up to the same counts and values in any order', () => {
    fc.assert(
      fc.property(fc.array(someHistory, { minLength: 3, maxLength: 3 }), fc.boolean(), (histories, isTurned) => {
        const deltas = histories.map((history) => {
          const tracker = tracked(ENDPOINTS);
          for (const step of history) if (step.does !== 'wait') take(step, tracker, ENDPOINTS);
          return tracker.health.shared.take();
        });
        const [forth, back] = [tracked(ENDPOINTS), tracked(ENDPOINTS)];
        for (const delta of deltas) forth.health.shared.merge(delta);
        const turned = isTurned ? deltas.toReversed() : [...deltas.slice(1), ...deltas.slice(0, 1)];
        for (const delta of turned) back.health.shared.merge(delta);
        for (const at of ENDPOINTS) expect(forth.health.historyOf(at)).toEqual(back.health.historyOf(at));
      }),
      { numRuns: 300 },
    );
  });

  it('is to the listener what its own eyes would have shown it', () => {
    fc.assert(
      fc.property(someHistory, (history) => {
        const [seer, listener] = [tracked(ENDPOINTS), tracked(ENDPOINTS)];
        for (const step of history) {
          take(step, seer, ENDPOINTS);
          listener.clock.nowMs = seer.clock.nowMs;
          listener.health.shared.merge(seer.health.shared.take());
        }
        for (const at of ENDPOINTS) {
          expect(listener.health.historyOf(at)).toEqual(seer.health.historyOf(at));
          expect(listener.health.circuitOf(at) === 'ejected').toBe(seer.health.circuitOf(at) === 'ejected');
        }
      }),
      { numRuns: 300 },
    );
  });
});
