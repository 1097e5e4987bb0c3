import { METRICS } from './metrics-table.js';
import { METRICS_CONTENT_TYPE, Metrics } from './metrics.js';
import type { MetricsDelta } from './metrics.js';

/** What a message between processes leaves of a delta. */
const sent = (delta: MetricsDelta): MetricsDelta => structuredClone(delta);

const linesOf = async (metrics: Metrics, name: string): Promise<string[]> =>
  (await metrics.render()).split('\n').filter((line) => line.startsWith(name));

describe('metrics', () => {
  it('have every counter from the start, with all its series at 0, and gauges once they are set', async () => {
    const metrics = new Metrics();
    const text = await metrics.render();
    expect(text).toContain('# TYPE switchyard_requests_total counter');
    expect(text).toContain('switchyard_requests_total{protocol="chat",status="orphaned"} 0');
    expect(text).toContain('\nswitchyard_orphans_recovered_total 0\n');
    expect(text).not.toContain('switchyard_journal_bytes');
    metrics.set('switchyard_journal_bytes', {}, 4096);
    expect(await linesOf(metrics, 'switchyard_journal_bytes')).toEqual(['switchyard_journal_bytes 4096']);
    expect(METRICS_CONTENT_TYPE).toContain('text/plain; version=0.0.4');
  });

  it('add up in their series', async () => {
    const metrics = new Metrics();
    metrics.add('switchyard_tokens_total', { kind: 'cache_read' }, 7);
    metrics.add('switchyard_tokens_total', { kind: 'cache_read' }, 5);
    metrics.add('switchyard_tokens_total', { kind: 'output' });
    expect(await linesOf(metrics, 'switchyard_tokens_total{kind="cache_read"')).toEqual([
      'switchyard_tokens_total{kind="cache_read"} 12',
    ]);
    expect(await linesOf(metrics, 'switchyard_tokens_total{kind="output"')).toEqual([
      'switchyard_tokens_total{kind="output"} 1',
    ]);
  });

  it('count money in nano-USD, exactly, and show it in USD', async () => {
    const metrics = new Metrics();
    for (let request = 0; request < 10; request += 1) metrics.add('switchyard_cost_usd_total', {}, 100_000_001);
    metrics.set('switchyard_budget_drift_usd', {}, 1);
    expect(await linesOf(metrics, 'switchyard_cost_usd_total')).toEqual(['switchyard_cost_usd_total 1.00000001']);
    expect(await linesOf(metrics, 'switchyard_budget_drift_usd')).toEqual(['switchyard_budget_drift_usd 1e-9']);
  });

  it.each([-1, NaN, Infinity])('refuse to grow by %p', (amount) => {
    const metrics = new Metrics();
    expect(() => {
      metrics.add('switchyard_orphans_recovered_total', {}, amount);
    }).toThrow(RangeError);
    expect(metrics.takeDelta()).toEqual({ counters: [], gauges: [] });
  });

  it('refuse a gauge that is no number', () => {
    expect(() => {
      new Metrics().set('switchyard_journal_bytes', {}, NaN);
    }).toThrow(RangeError);
  });

  it('have no word with a comma, which separates the words of a series', () => {
    const words = Object.values(METRICS).flatMap(({ labels }) => Object.values(labels).flat());
    expect(words.filter((word) => !/^[a-z][a-z0-9_]*$/.test(word))).toEqual([]);
  });
});

describe('metrics of several processes', () => {
  it('are told once: a delta has what was counted since the last', async () => {
    const [supervisor, worker] = [new Metrics(), new Metrics()];
    worker.add('switchyard_requests_total', { protocol: 'chat', status: 'completed' }, 2);
    supervisor.merge('1', sent(worker.takeDelta()));
    worker.add('switchyard_requests_total', { protocol: 'chat', status: 'completed' });
    supervisor.merge('1', sent(worker.takeDelta()));
    supervisor.merge('1', sent(worker.takeDelta()));
    const expected = ['switchyard_requests_total{protocol="chat",status="completed"} 3'];
    const series = 'switchyard_requests_total{protocol="chat",status="completed"';
    expect(await linesOf(supervisor, series)).toEqual(expected);
    expect(await linesOf(worker, series)).toEqual(expected);
  });

  it('sum gauges over the processes, until one is forgotten; its counters stay', async () => {
    const [supervisor, one, other] = [new Metrics(), new Metrics(), new Metrics()];
    for (const [source, worker] of [
      ['1', one],
      ['2', other],
    ] as const) {
      worker.set('switchyard_redis_breaker_state', { state: 'open' }, 1);
      worker.add('switchyard_auth_failures_total', { reason: 'missing' });
      supervisor.merge(source, sent(worker.takeDelta()));
      supervisor.merge(source, sent(worker.takeDelta()));
    }
    supervisor.set('switchyard_redis_breaker_state', { state: 'open' }, 1);
    expect(await linesOf(supervisor, 'switchyard_redis_breaker_state')).toEqual([
      'switchyard_redis_breaker_state{state="open"} 3',
    ]);
    supervisor.forget('1');
    supervisor.forget('2');
    expect(await linesOf(supervisor, 'switchyard_redis_breaker_state')).toEqual([
      'switchyard_redis_breaker_state{state="open"} 1',
    ]);
    expect(await linesOf(supervisor, 'switchyard_auth_failures_total{reason="missing"')).toEqual([
      'switchyard_auth_failures_total{reason="missing"} 2',
    ]);
  });

  it.each<[string, MetricsDelta]>([
    ['an unknown metric', { counters: [['switchyard_surprise' as 'switchyard_cost_usd_total', [], 1]], gauges: [] }],
    ['an unknown word', { counters: [['switchyard_tokens_total', ['secret'], 1]], gauges: [] }],
    ['a missing word', { counters: [], gauges: [['switchyard_redis_breaker_state', [], 1]] }],
    ['a negative amount', { counters: [['switchyard_tokens_total', ['output'], -1]], gauges: [] }],
  ])('refuse %s', (_title, delta) => {
    expect(() => {
      new Metrics().merge('1', delta);
    }).toThrow(RangeError);
  });
});
