import { GatewayError, UpstreamError } from '@switchyard/contract';
import type { FailureClass, PlannedAttempt } from '@switchyard/contract';
import fc from 'fast-check';
import { attempts, provider } from '../../../test/testing/plan-fixture.js';
import type { AccountGate, AccountRefusal } from './account-gate.js';
import type { DispatchRequest, HealthRecorder } from './dispatch-request.js';
import { Drains } from './drains.js';
import { Hedges } from './hedges.js';
import { RetryBudgets } from './retry-budgets.js';
import { ANSWER, DONE, FINISH, ROLE, USAGE, textOf } from './testing/sse.js';
import { HEALTHY, TIMEOUTS, stage } from './testing/stage.js';
import type { FakeCall } from './testing/stage.js';

/** Whatever happens to a request, in whatever order, it ends exactly once and leaves nothing behind. */

const LIMITS = { requestsPerMinute: 5, inputTokensPerMinute: null, outputTokensPerMinute: null, concurrency: null };

const BROKE: readonly FailureClass[] = [
  'connect',
  'timeout',
  'server',
  'overloaded',
  'rate_limited',
  'auth',
  'invalid_answer',
  'truncated',
  'context_length',
  'invalid_request',
];

type Step =
  | { readonly does: 'wait'; readonly forMs: number }
  | { readonly does: 'prelude' | 'content' | 'whole'; readonly to: number }
  | { readonly does: 'break'; readonly to: number; readonly failure: FailureClass; readonly retryAfterS: number }
  | { readonly does: 'room'; readonly isThere: boolean }
  | { readonly does: 'gone' | 'cut' | 'stall' | 'drain' };

const to = fc.nat(3);
const someStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant('wait'), forMs: fc.constantFrom(100, 300, 300, 400, 1_000, 6_000) }),
  },
  { weight: 4, arbitrary: fc.record({ does: fc.constantFrom('prelude', 'content', 'whole'), to }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('break'),
      to,
      failure: fc.constantFrom(...BROKE),
      retryAfterS: fc.nat(12),
    }),
  },
  { weight: 5, arbitrary: fc.record({ does: fc.constant('room'), isThere: fc.constantFrom(true, true, false) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('gone', 'cut', 'stall', 'drain') }) },
);

const someCase = fc.record({
  /** `model@provider`, providers with an account whose limits are known in upper case. */
  names: fc.subarray(['a/m@one', 'a/m@TWO', 'a/m@three', 'b/n@FOUR', 'b/n@five'], { minLength: 1 }),
  stream: fc.constantFrom(true, true, false),
  hedging: fc.constantFrom(true, true, false),
  cancelStopsBilling: fc.boolean(),
  maxAttempts: fc.constantFrom(1, 2, 4, 8),
  totalMs: fc.constantFrom(500, 5_000, 30_000, 30_000),
  retryTokens: fc.constantFrom(0, 2, 8),
  unwell: fc.subarray(['one', 'TWO', 'three', 'FOUR', 'five']),
  steps: fc.array(someStep, { minLength: 8, maxLength: 30 }),
});

type Case = typeof someCase extends fc.Arbitrary<infer Value> ? Value : never;

/** Rooms asked for, answered when the test says so. */
class SlowGate implements AccountGate {
  /** Asks granted and not left. */
  held = 0;
  private readonly waiting: ((refusal: AccountRefusal | null) => void)[] = [];

  admit(_ask: unknown, answer: (refusal: AccountRefusal | null) => void): void {
    this.waiting.push(answer);
  }
  leave(): void {
    this.held -= 1;
  }
  answer(isThere: boolean): boolean {
    const answer = this.waiting.shift();
    if (answer === undefined) return false;
    if (isThere) this.held += 1;
    answer(isThere ? null : { retryAfterS: 1 });
    return true;
  }
}

/** Budgets that say how much of them is taken. */
class CountingBudgets extends RetryBudgets {
  running = 0;
  taken = 0;
  override attemptStarted(tenantId: string, providerId: string, isRetry: boolean): void {
    this.running += 1;
    if (isRetry) this.taken += 1;
    super.attemptStarted(tenantId, providerId, isRetry);
  }
  override attemptEnded(providerId: string, isRetry: boolean, isSuccess: boolean): void {
    this.running -= 1;
    super.attemptEnded(providerId, isRetry, isSuccess);
  }
}

class CountingHedges extends Hedges {
  inside = 0;
  pendingNanoUsd = 0;
  override requestStarted(): void {
    this.inside += 1;
  }
  override requestEnded(): void {
    this.inside -= 1;
  }
  override refusal(): null {
    return null;
  }
  override started(expectedNanoUsd: number): void {
    this.pendingNanoUsd += expectedNanoUsd;
  }
  override ended(expectedNanoUsd: number): void {
    this.pendingNanoUsd -= expectedNanoUsd;
  }
}

class CountingDrains extends Drains {
  inside = 0;
  override enter(): boolean {
    this.inside += 1;
    return true;
  }
  override leave(): void {
    this.inside -= 1;
  }
}

function planned(names: readonly string[]): PlannedAttempt[] {
  return attempts(...names).map((one) => {
    const { id } = one.endpoint.provider;
    const isLimited = id === id.toUpperCase();
    const credentials = ['first', 'second'].map((name) => ({
      id: name,
      apiKey: name,
      weight: 1,
      ...(isLimited && { limits: LIMITS }),
    }));
    return { ...one, endpoint: { ...one.endpoint, provider: provider(id, { credentials }) } };
  });
}

/** A request under way, with everything it takes counted. */
function underWay(one: Case) {
  const gate = new SlowGate();
  const budgets = new CountingBudgets(
    {
      tenant: { ratio: 0, floor: one.retryTokens, windowMs: 60_000 },
      provider: { ratio: 1, floor: 10 },
      process: { tokens: 1_000, cost: 1 },
    },
    () => 0,
  );
  const hedges = new CountingHedges(
    { enabled: one.hedging, maxShare: 1, maxNanoUsdPerHour: 1e9, maxInFlight: 10, minDelayMs: 200 },
    () => 0,
  );
  const drains = new CountingDrains();
  const trials = { admitted: 0, judged: 0 };
  const judged = (): void => {
    trials.judged += 1;
  };
  const health: HealthRecorder = {
    ...HEALTHY,
    admit: ({ tag }, isLast) => {
      const isAdmitted = isLast || !one.unwell.includes(tag);
      if (isAdmitted) trials.admitted += 1;
      return isAdmitted;
    },
    recordSuccess: judged,
    recordFailure: judged,
    recordNothing: judged,
    firstTokenP95Ms: () => 300,
  };
  const fields: Partial<DispatchRequest> = {
    stream: one.stream,
    cancelStopsBilling: one.cancelStopsBilling,
    maxAttempts: one.maxAttempts,
    timeouts: { ...TIMEOUTS, totalMs: one.totalMs, clientStallMs: 2_000, headerHoldMs: 700 },
  };
  const set = stage(planned(one.names), fields, gate, { budgets, hedges, drains, health });
  return { ...set, gate, budgets, hedges, drains, trials, fate: { isGone: false } };
}

type UnderWay = ReturnType<typeof underWay>;

const over = new WeakSet<FakeCall>();
const isLive = (call: FakeCall): boolean => !call.aborted && !over.has(call);

function act(one: UnderWay, step: Step, stream: boolean): void {
  const { dispatch, calls, client, gate, fate, pass } = one;
  if (client.log.includes('destroy')) fate.isGone = true;
  switch (step.does) {
    case 'wait':
      pass(step.forMs);
      break;
    case 'room':
      gate.answer(step.isThere);
      break;
    case 'gone':
      fate.isGone = true;
      break;
    case 'cut':
      dispatch.cut(new GatewayError('permission', 'revoked'));
      break;
    case 'stall':
      client.full = true;
      break;
    case 'drain':
      client.drain();
      break;
    default:
      answer(calls.filter(isLive), step, stream);
  }
  if (fate.isGone) dispatch.clientGone();
}

function answer(live: readonly FakeCall[], step: Extract<Step, { to: number }>, stream: boolean): void {
  const call = live[step.to % Math.max(1, live.length)];
  if (call === undefined) return;
  if (step.does === 'break') {
    over.add(call);
    const { failure, retryAfterS } = step;
    call.error(new UpstreamError({ class: failure, status: null, message: 'broke', retryAfterS }));
  } else if (!stream) {
    if (step.does !== 'whole') return;
    over.add(call);
    call.json(200, ANSWER);
  } else {
    if (!call.isAnswering) call.stream().data(ROLE);
    if (step.does === 'prelude') return;
    if (!call.aborted) call.data(textOf('Hello'));
    if (step.does === 'content' || call.aborted) return;
    over.add(call);
    call.data(FINISH + USAGE + DONE);
  }
}

function checkEnd(one: UnderWay, { maxAttempts, retryTokens }: Case): void {
  const { outcomes, calls, client, errors, gate, budgets, hedges, drains, trials, fate } = one;
  expect(outcomes).toHaveLength(1);
  const [outcome] = outcomes;
  const endings = client.log.filter((entry) => entry === 'end' || entry.startsWith('send')).length + errors.length;
  expect(endings).toBe(outcome?.status === 'client_cancelled' ? 0 : 1);
  if (outcome?.status === 'client_cancelled') expect(fate.isGone).toBe(true);
  expect(outcome?.attempts).toHaveLength(calls.length);
  expect(calls.length).toBeLessThanOrEqual(maxAttempts);
  expect(budgets.taken).toBeLessThanOrEqual(retryTokens);
  expect(outcome?.attempts.filter(({ errorClass }) => errorClass === null).length).toBeLessThanOrEqual(1);
  if (outcome?.served === null) expect(outcome.cost.nanoUsd).toBe(0);
  expect(calls.filter(isLive)).toEqual([]);
  expect([gate.held, budgets.running, hedges.inside, hedges.pendingNanoUsd, drains.inside]).toEqual([0, 0, 0, 0, 0]);
  expect(trials.judged).toBeGreaterThanOrEqual(trials.admitted);
  expect(one.hasTimers()).toBe(false);
}

describe('a request', () => {
  it('ends exactly once, within its bounds, and gives everything back, whatever happens in whatever order', () => {
    fc.assert(
      fc.property(someCase, (one) => {
        const set = underWay(one);
        set.dispatch.start();
        for (const step of one.steps) {
          act(set, step, one.stream);
          const { text } = set.client;
          const wasGone = set.fate.isGone;
          expect(set.budgets.running).toBeGreaterThanOrEqual(0);
          expect(set.budgets.running).toBeLessThanOrEqual(2);
          if (set.outcomes.length > 0) expect(set.budgets.running).toBe(0);
          if (wasGone) expect(set.client.text).toBe(text);
        }
        set.pass(one.totalMs + 1_500);
        while (set.gate.answer(true)) set.pass(100);
        if (set.client.log.includes('destroy')) {
          set.fate.isGone = true;
          set.dispatch.clientGone();
        }
        set.pass(2_000);
        checkEnd(set, one);
      }),
      { numRuns: 2_000 },
    );
  }, 120_000);
});
