import type { JsonObject } from '@switchyard/contract';
import { HealthTracker } from '@switchyard/dispatch';
import { endpointsView } from './openrouter-shape.js';
import { endpoint, model, provider } from '../../../../test/testing/plan-fixture.js';

const AT = endpoint('a/m', provider('one'));
const MODEL = model('a/m', { endpoints: [AT] });
const RULES = {
  ejectAfterFailures: 5,
  ejectAtShare: 0.5,
  ejectMinRequests: 20,
  ejectionMs: 30_000,
  maxEjectionMs: 300_000,
};

function listing() {
  const clock = { nowMs: 1_000_000 };
  const tools = { nowMs: () => clock.nowMs, random: () => 0.5, onEvent: () => undefined };
  const health = new HealthTracker(tools, RULES, { models: [MODEL] });
  return {
    clock,
    succeed: (times: number): void => {
      const seen = { streamed: true, firstTokenMs: 500, durationMs: 2_000, outputTokens: 100 };
      for (let count = 0; count < times; count += 1) health.recordSuccess(AT, 'main', seen);
    },
    fail: (times: number): void => {
      const failure = { class: 'server', status: 500, message: '' } as const;
      for (let count = 0; count < times; count += 1) health.recordFailure(AT, 'main', failure);
    },
    row: (): JsonObject => {
      const { endpoints } = endpointsView({ model: MODEL, endpoints: [AT] }, health) as { endpoints: JsonObject[] };
      return endpoints[0] ?? {};
    },
  };
}

describe('the listing of endpoints', () => {
  it('has no figures of an endpoint that was never used', () => {
    expect(listing().row()).toMatchObject({
      status: 0,
      uptime_last_5m: null,
      uptime_last_30m: null,
      uptime_last_1d: null,
      latency_last_30m: null,
      throughput_last_30m: null,
    });
  });

  it('has uptimes in percent, latency in milliseconds and throughput in tokens per second', () => {
    const { clock, succeed, fail, row } = listing();
    succeed(2);
    fail(1);
    clock.nowMs += 301_000;
    succeed(1);
    const {
      latency_last_30m: latency,
      throughput_last_30m: throughput,
      ...figures
    } = row() as Record<string, Record<string, number>>;
    expect(figures).toMatchObject({ status: 0, uptime_last_5m: 100, uptime_last_30m: 75, uptime_last_1d: 75 });
    for (const name of ['p50', 'p75', 'p90', 'p99']) {
      expect(Math.abs((latency?.[name] ?? 0) - 500)).toBeLessThan(15);
      expect(Math.abs((throughput?.[name] ?? 0) - 50)).toBeLessThan(1.5);
    }
  });

  it('has a status that says how it stands', () => {
    const { clock, succeed, fail, row } = listing();
    fail(3);
    expect(row()['status']).toBe(-3);
    fail(2);
    expect(row()['status']).toBe(-10);
    clock.nowMs += 30_000;
    expect(row()['status']).toBe(-5);
    succeed(1);
    expect(row()['status']).toBe(0);
    succeed(95);
    fail(4);
    succeed(3);
    fail(2);
    clock.nowMs += 60_000;
    fail(1);
    expect(row()['status']).toBe(-1);
  });
});
