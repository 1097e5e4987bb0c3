import type { Endpoint, FailureClass } from '@switchyard/contract';
import type { SeenSuccess } from '../dispatch-request.js';
import type { CircuitRules } from './circuit.js';
import { HealthTracker } from './health-tracker.js';
import type { HealthEvent } from './health-tracker.js';
import { endpoint, model, provider } from '../../../../test/testing/plan-fixture.js';

export const RULES: CircuitRules = {
  ejectAfterFailures: 5,
  ejectAtShare: 0.5,
  ejectMinRequests: 20,
  ejectionMs: 30_000,
  maxEjectionMs: 300_000,
};

/** Half a second to the first token, fifty tokens a second. */
export const SEEN: SeenSuccess = { streamed: true, firstTokenMs: 500, durationMs: 2_000, outputTokens: 100 };

export const ONE = endpoint('a/m', provider('one'));
export const TWO = endpoint('a/m', provider('two'));

export interface Tracked {
  readonly clock: { nowMs: number };
  readonly health: HealthTracker;
  readonly events: HealthEvent[];
  fail(times: number, failure?: FailureClass, at?: Endpoint): void;
  succeed(times: number, at?: Endpoint): void;
}

/** A tracker of these endpoints of one model; the clock stands still, chance is in the middle unless it is given. */
export function tracked(endpoints: readonly Endpoint[] = [ONE, TWO], random: () => number = () => 0.5): Tracked {
  const clock = { nowMs: 1_000_000 };
  const events: HealthEvent[] = [];
  const tools = { nowMs: () => clock.nowMs, random, onEvent: (event: HealthEvent) => events.push(event) };
  const health = new HealthTracker(tools, RULES, { models: [model('a/m', { endpoints })] });
  return {
    clock,
    health,
    events,
    fail: (times, failure = 'server', at = ONE) => {
      for (let count = 0; count < times; count += 1) {
        health.recordFailure(at, 'main', { class: failure, status: null, message: '' });
      }
    },
    succeed: (times, at = ONE) => {
      for (let count = 0; count < times; count += 1) health.recordSuccess(at, 'main', SEEN);
    },
  };
}
