import type { Endpoint, UpstreamFailure } from '@switchyard/contract';
import { HealthTracker } from '@switchyard/dispatch';
import type { ProbeAsk } from '@switchyard/dispatch';
import { endpoint, model, provider } from '../../../../test/testing/plan-fixture.js';
import type { MaintenanceContext } from '../maintenance/context.js';
import { NEVER } from '../testing/context.js';
import type { Probing } from './probing.js';
import { runProbes } from './run-probes.js';

const INTERVAL_MS = 60_000;
const RULES = {
  ejectAfterFailures: 5,
  ejectAtShare: 0.5,
  ejectMinRequests: 20,
  ejectionMs: 300_000,
  maxEjectionMs: 300_000,
};
const SEEN = { streamed: false, firstTokenMs: null, durationMs: 100, outputTokens: 1 };
const DOWN: UpstreamFailure = { class: 'server', status: 500, message: '' };

const one = provider('one');
const A = endpoint('a/m', one);
const B = endpoint('a/n', one);
const C = endpoint('a/m', provider('two', { credentials: [], needsCredential: false }));
const CLOSED = endpoint('a/m', provider('three', { credentials: [] }));
const MODELS = [model('a/m', { endpoints: [A, C, CLOSED] }), model('a/n', { endpoints: [B] })];

function rig(mode: 'off' | ProbeAsk['mode'], answer: (ask: ProbeAsk) => UpstreamFailure | null = () => null) {
  const clock = { nowMs: 0 };
  const asked: string[] = [];
  const results: string[] = [];
  const claims = new Map<string, number>();
  const health = new HealthTracker({ nowMs: () => clock.nowMs, random: () => 0.5, onEvent: () => undefined }, RULES, {
    models: MODELS,
  });
  const probes: Probing = {
    settings: { mode, intervalMs: INTERVAL_MS },
    models: MODELS,
    health,
    nowMs: () => clock.nowMs,
    sinceMs: 0,
    probe: (ask) => {
      asked.push(`${ask.endpoint.modelId} ${ask.endpoint.tag} ${ask.credential.id}`);
      return Promise.resolve(answer(ask));
    },
    claim: (name, forMs) => {
      if ((claims.get(name) ?? 0) > clock.nowMs) return Promise.resolve(false);
      claims.set(name, clock.nowMs + forMs);
      return Promise.resolve(true);
    },
    onResult: (which, result) => results.push(`${which} ${result}`),
  };
  return {
    clock,
    asked,
    results,
    health,
    claims,
    run: () => runProbes({ probes } as MaintenanceContext, NEVER),
    fail: (at: Endpoint, times: number): void => {
      for (let count = 0; count < times; count += 1) health.recordFailure(at, 'main', DOWN);
    },
  };
}

describe('probes', () => {
  it('are sent to endpoints of which nothing was seen for an interval, and can be signed in to', async () => {
    const { clock, asked, health, run } = rig('completion');
    clock.nowMs = INTERVAL_MS - 1;
    expect(await run()).toEqual({ passed: 0, failed: 0 });
    health.recordSuccess(A, 'main', SEEN);
    clock.nowMs = INTERVAL_MS;
    expect(await run()).toEqual({ passed: 2, failed: 0 });
    expect(asked.sort()).toEqual(['a/m two none', 'a/n one main']);
  });

  it('are not sent more often than the interval says', async () => {
    const { clock, asked, results, run } = rig('completion', () => DOWN);
    clock.nowMs = INTERVAL_MS;
    await run();
    clock.nowMs += INTERVAL_MS - 1;
    await run();
    expect(asked).toHaveLength(3);
    clock.nowMs += 1;
    await run();
    expect(asked).toHaveLength(6);
    expect(new Set(results)).toEqual(new Set(['completion failed']));
  });

  it('are left to the process that was first', async () => {
    const { clock, asked, claims, run } = rig('completion');
    clock.nowMs = INTERVAL_MS;
    claims.set('completion a/n one', Infinity);
    await run();
    expect(asked.sort()).toEqual(['a/m one main', 'a/m two none']);
  });

  it('ask each provider once for its models, on behalf of all its endpoints', async () => {
    const { clock, asked, health, run } = rig('models');
    clock.nowMs = INTERVAL_MS;
    await run();
    expect(asked.sort()).toEqual(['a/m one main', 'a/m two none']);
    for (const at of [A, B, C]) expect(health.historyOf(at).uptime5Min).toBe(1);
    expect(health.historyOf(CLOSED).uptime5Min).toBeNull();
  });

  it('end the ejection of an endpoint that answers', async () => {
    const { clock, asked, health, fail, run } = rig('completion');
    fail(A, 5);
    health.recordSuccess(B, 'main', SEEN);
    health.recordSuccess(C, 'none', SEEN);
    clock.nowMs = 10_000;
    await run();
    expect(asked).toEqual(['a/m one main']);
    expect(health.circuitOf(A)).toBe('trial');
  });

  it('eject an idle endpoint that does not answer, for as long as it does not', async () => {
    const { clock, health, run } = rig('completion', ({ endpoint: at }) => (at === A ? DOWN : null));
    for (let round = 0; round < 5; round += 1) {
      clock.nowMs += INTERVAL_MS;
      await run();
    }
    expect([health.circuitOf(A), health.circuitOf(C)]).toEqual(['ejected', 'closed']);
  });

  it('are none where they are off, and where a process has nothing to probe with', async () => {
    const { clock, asked, run } = rig('off');
    clock.nowMs = 10 * INTERVAL_MS;
    await run();
    expect(asked).toEqual([]);
    expect(await runProbes({ probes: null } as MaintenanceContext, NEVER)).toEqual({ passed: 0, failed: 0 });
  });
});
