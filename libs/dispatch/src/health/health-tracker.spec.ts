import type { FailureClass } from '@switchyard/contract';
import { HealthTracker } from './health-tracker.js';
import { endpoint, provider } from '../../../../test/testing/plan-fixture.js';

const AT = endpoint('a/m', provider('one'));
const SUCCESS = { streamed: true, firstTokenMs: 500, durationMs: 2_000, outputTokens: 100 };

function tracker() {
  const clock = { nowMs: 1_000_000 };
  const health = new HealthTracker(() => clock.nowMs);
  const fail = (times: number, failure: FailureClass = 'server'): void => {
    for (let count = 0; count < times; count += 1)
      health.recordFailure(AT, 'main', { class: failure, status: null, message: '' });
  };
  const succeed = (times: number): void => {
    for (let count = 0; count < times; count += 1) health.recordSuccess(AT, 'main', SUCCESS);
  };
  return { clock, health, fail, succeed, band: () => health.of(AT)?.band };
}

describe('HealthTracker', () => {
  it('knows nothing of an endpoint that was never tried', () => {
    expect(tracker().health.of(AT)).toBeNull();
  });

  it('takes three errors in thirty seconds for an outage, and forgets them', () => {
    const { clock, fail, band } = tracker();
    fail(2);
    expect(band()).toBe('healthy');
    clock.nowMs += 1_000;
    fail(1);
    expect(band()).toBe('outage');
    clock.nowMs += 31_000;
    expect(band()).toBe('healthy');
  });

  it('takes a few errors among many successes for none', () => {
    const { fail, succeed, band } = tracker();
    succeed(30);
    fail(3);
    expect(band()).toBe('healthy');
  });

  it('reads uptime bands over a hundred requests', () => {
    for (const [failures, expected] of [
      [4, 'healthy'],
      [10, 'degraded'],
      [30, 'down'],
    ] as const) {
      const { clock, fail, succeed, band } = tracker();
      fail(failures);
      succeed(100 - failures);
      clock.nowMs += 31_000;
      expect(band()).toBe(expected);
    }
  });

  it.each<FailureClass>(['invalid_request', 'too_large', 'rate_limited', 'client_gone', 'context_length'])(
    'does not hold %s against the endpoint',
    (failure) => {
      const { health, fail } = tracker();
      fail(10, failure);
      expect(health.of(AT)).toBeNull();
    },
  );

  it('reports latency in seconds and throughput in tokens per second', () => {
    const { health, succeed } = tracker();
    succeed(10);
    expect(health.of(AT)).toMatchObject({ latency: { p50: 0.5, p99: 0.5 }, throughput: { p50: 50, p99: 50 } });
  });

  it('lets throughput fall as the percentile rises', () => {
    const { health } = tracker();
    for (let index = 1; index <= 100; index += 1)
      health.recordSuccess(AT, 'main', { ...SUCCESS, durationMs: index * 100 });
    const throughput = health.of(AT)?.throughput;
    expect(throughput?.p50).toBeGreaterThan(throughput?.p90 ?? Infinity);
    expect(throughput?.p90).toBeGreaterThan(throughput?.p99 ?? Infinity);
  });

  it('keeps endpoints apart', () => {
    const { health, fail } = tracker();
    fail(5);
    expect(health.of(endpoint('a/m', provider('two')))).toBeNull();
  });
});
