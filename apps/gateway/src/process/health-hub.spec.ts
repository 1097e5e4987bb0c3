import type { Endpoint, FailureClass } from '@switchyard/contract';
import type { HealthDelta } from '@switchyard/dispatch';
import { Metrics } from '@switchyard/telemetry';
import { Redis } from 'ioredis';
import { loadConfig } from '../config/load-config.js';
import { startRedis } from '../../../../test/testing/redis.js';
import type { TestRedis } from '../../../../test/testing/redis.js';
import { HealthHub } from './health-hub.js';
import { openHealth } from './open-health.js';
import type { ProcessLog } from './process-log.js';

const TEXT = `
catalog: { builtin: false }
providers:
  - { id: one, dialect: openai-chat, base_url: "http://127.0.0.1:1/v1", credentials: [{ id: main, api_key: secret }] }
  - { id: two, dialect: openai-chat, base_url: "http://127.0.0.1:1/v1", credentials: [{ id: main, api_key: secret }] }
models: [{ id: a/m, endpoints: [{ provider: one, price: { prompt: 1, completion: 1 } }, { provider: two, price: { prompt: 1, completion: 1 } }] }]
`;
const { config } = loadConfig({ path: null, text: TEXT, environment: {}, secrets: 'throwaway' });
const [ONE, TWO] = (config.catalog.models[0]?.endpoints ?? []) as [Endpoint, Endpoint];

interface Machine {
  readonly hub: HealthHub;
  readonly told: { readonly delta: HealthDelta; readonly source: string | null }[];
  readonly lines: string[];
  readonly metrics: Metrics;
}

const machines: Machine[] = [];
let redis: TestRedis;

beforeAll(async () => {
  redis = await startRedis();
});
afterEach(async () => {
  await command('flushall');
  for (const { hub } of machines.splice(0)) hub.stop();
});
afterAll(() => redis.stop());

function silentLog(lines: string[]): ProcessLog {
  const line = (first: unknown, second?: string): void => void lines.push(second ?? String(first));
  const logger = { debug: () => undefined, info: line, warn: line, error: line };
  return { logger } as unknown as ProcessLog;
}

function machine(url: string | null): Machine {
  const told: Machine['told'] = [];
  const lines: string[] = [];
  const metrics = new Metrics();
  const hub = new HealthHub({
    config: { ...config, redis: url === null ? null : { url } },
    log: silentLog(lines),
    metrics,
    tell: (delta, source) => told.push({ delta, source }),
  });
  hub.start();
  const made = { hub, told, lines, metrics };
  machines.push(made);
  return made;
}

async function sharing(): Promise<Machine> {
  const made = machine(redis.url);
  await until(() => made.lines.includes('health of endpoints is shared over Redis'));
  return made;
}

/** What a worker tells that saw these failures of the first endpoint. */
function seen(failures: number, failure: FailureClass = 'server'): HealthDelta {
  const worker = openHealth(config, silentLog([]), new Metrics());
  for (let count = 0; count < failures; count += 1) {
    worker.recordFailure(ONE, 'main', { class: failure, status: null, message: '' });
  }
  return worker.shared.take();
}

describe('health of endpoints on one machine', () => {
  it('is told to every worker but the one that saw it', () => {
    const { hub, told } = machine(null);
    hub.heard('1', seen(5));
    expect(told).toMatchObject([{ source: '1', delta: { ejections: [{ key: 'a/m one' }] } }]);
    expect(hub.tracker.circuitOf(ONE)).toBe('ejected');
    hub.heard('1', seen(0));
    expect(told).toHaveLength(1);
  });

  it('is known to a worker that begins later', () => {
    const { hub } = machine(null);
    hub.heard('1', seen(5));
    expect(hub.standing.ejections).toMatchObject([{ key: 'a/m one', times: 1 }]);
  });

  it('includes what probes found', async () => {
    const { hub, told } = machine(null);
    hub.tracker.recordAnsweredProbe(TWO, 'main');
    await until(() => told.length > 0);
    expect(told).toMatchObject([{ source: null, delta: { endpoints: [{ key: 'a/m two', passed: 1 }] } }]);
  });

  it('is counted and logged where it was decided, and nowhere else', async () => {
    const { hub, lines, metrics } = machine(null);
    hub.heard('1', seen(5));
    expect(lines).toEqual([]);
    for (let count = 0; count < 5; count += 1) {
      hub.tracker.recordFailure(TWO, 'main', { class: 'server', status: 500, message: '' });
    }
    hub.tracker.recordFailure(TWO, 'main', { class: 'auth', status: 401, message: '' });
    expect(lines).toEqual(['an endpoint is left out for a while', 'a provider refused a credential of this gateway']);
    const text = await metrics.render();
    expect(text).toContain('switchyard_endpoint_ejections_total{cause="consecutive"} 1');
    expect(text).toContain('switchyard_credentials_refused_total{reason="auth"} 1');
  });

  it('lets a probe be claimed once within its time', async () => {
    const { hub } = machine(null);
    expect([await hub.claim('a', 60_000), await hub.claim('a', 60_000), await hub.claim('b', 60_000)]).toEqual([
      true,
      false,
      true,
    ]);
  });
});

describe('health of endpoints in a deployment', () => {
  it('is told to the workers of other machines, and not back to its own', async () => {
    const [here, there] = [await sharing(), await sharing()];
    here.hub.heard('1', seen(5));
    await until(() => there.told.length > 0);
    expect(there.told).toMatchObject([{ source: null, delta: { endpoints: [{ key: 'a/m one', failed: 5 }] } }]);
    expect(there.hub.tracker.circuitOf(ONE)).toBe('ejected');
    there.hub.heard('1', seen(1, 'auth'));
    await until(() => here.told.length > 1);
    expect(here.told.map(({ source }) => source)).toEqual(['1', null]);
    expect(here.hub.tracker.isCredentialRested(ONE.provider, 'main')).toBe(false);
  });

  it('is known to a machine that begins later, for as long as it holds', async () => {
    const here = await sharing();
    here.hub.heard('1', seen(5));
    await until(async () => (await command('keys', '{switchyard:health}:ejected:*')) !== '');
    const late = machine(redis.url);
    await until(() => late.hub.tracker.circuitOf(ONE) === 'ejected');
    expect(late.hub.standing.ejections[0]?.leftMs).toBeLessThanOrEqual(36_000);
    here.hub.tracker.shared.merge(late.hub.standing);
    here.hub.tracker.recordAnsweredProbe(ONE, 'main');
    await until(() => late.hub.tracker.circuitOf(ONE) === 'trial');
    expect(await command('keys', '{switchyard:health}:ejected:*')).toBe('');
  });

  it('is not disturbed by what nobody of it wrote', async () => {
    const here = await sharing();
    for (const text of ['', 'x', 'x'.repeat(50), `${'0'.repeat(36)} [[["a/m one",1,2,3,[],[]]]]`]) {
      await command('publish', 'switchyard:health', text);
    }
    await command('publish', 'switchyard:health', `${'0'.repeat(36)} [[],[["a/m one",1,1000]],[],[]]`);
    await until(() => here.told.length > 0);
    expect(here.told).toHaveLength(1);
  });

  it('lets one machine claim a probe', async () => {
    const [here, there] = [await sharing(), await sharing()];
    await until(() => here.hub.claim('ready', 1));
    const claims = await Promise.all([here.hub.claim('a', 60_000), there.hub.claim('a', 60_000)]);
    expect(claims.filter(Boolean)).toHaveLength(1);
  });

  it('is seen by each machine alone while Redis is away, and shared again when it is back', async () => {
    const [here, there] = [await sharing(), await sharing()];
    redis.signal('SIGKILL');
    await until(() => here.lines.length > 1 && there.lines.length > 1);
    here.hub.heard('1', seen(5));
    expect(here.hub.tracker.circuitOf(ONE)).toBe('ejected');
    expect(await here.hub.claim('a', 1)).toBe(false);
    await redis.restart();
    await until(() => here.lines.length > 2 && there.lines.length > 2);
    here.hub.heard('1', seen(1));
    await until(() => there.told.length > 0);
    const away = 'health of endpoints is not shared while Redis is away';
    const shared = 'health of endpoints is shared over Redis';
    expect(here.lines).toEqual([shared, away, shared]);
  });
});

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 10));
}

async function command(name: string, ...args: string[]): Promise<string> {
  const client = new Redis(redis.url);
  const answer: unknown = await client.call(name, ...args);
  client.disconnect();
  return String(answer);
}
