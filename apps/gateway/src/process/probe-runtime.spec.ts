import { Metrics } from '@switchyard/telemetry';
import { startSimulator } from '../../../simulator/src/index.js';
import type { RunningSimulator } from '../../../simulator/src/index.js';
import { MAINTENANCE } from '../../../worker/src/index.js';
import type { MaintenanceContext } from '../../../worker/src/index.js';
import { loadConfig } from '../config/load-config.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { HealthHub } from './health-hub.js';
import { ProbeRuntime } from './probe-runtime.js';
import type { ProcessLog } from './process-log.js';

const LOG = { logger: { debug: ignore, info: ignore, warn: ignore, error: ignore } } as unknown as ProcessLog;

let simulator: RunningSimulator;

beforeAll(async () => {
  simulator = await startSimulator({});
});
afterEach(() => {
  simulator.clear();
});
afterAll(() => simulator.close());

function ignore(): void {
  // Nothing is read of it here.
}

function configWith(mode: 'models' | 'completion'): GatewayConfig {
  const text = `
catalog: { builtin: false }
health: { probes: { mode: ${mode}, interval_s: 0.001 } }
providers: [{ id: host, dialect: openai-chat, base_url: "${simulator.url}/host/v1", credentials: [{ id: main, api_key: secret }] }]
models: [{ id: a/m, endpoints: [{ provider: host, upstream_model: m1, price: { prompt: 1, completion: 1 } }] }]
`;
  return loadConfig({ path: null, text, environment: {}, secrets: 'throwaway' }).config;
}

/** Runs the job of maintenance once. */
async function probeOnce(config: GatewayConfig) {
  const metrics = new Metrics();
  const hub = new HealthHub({ config, log: LOG, metrics, tell: ignore });
  const runtime = new ProbeRuntime({ hub, config: () => config, metrics, log: LOG });
  await new Promise((resolve) => setTimeout(resolve, 10));
  const job = MAINTENANCE.find(({ name }) => name === 'probes');
  await job?.run({ probes: runtime.probing } as MaintenanceContext, new AbortController().signal);
  await runtime.close();
  const [endpoint] = config.catalog.models[0]?.endpoints ?? [];
  if (endpoint === undefined) throw new Error('the configuration has an endpoint');
  return { history: hub.tracker.historyOf(endpoint), text: await metrics.render() };
}

describe('probes of a gateway', () => {
  it.each([
    ['models', 'GET'],
    ['completion', 'POST'],
  ] as const)('by %s reach the provider, and what they find is health and is counted', async (mode, method) => {
    const { history, text } = await probeOnce(configWith(mode));
    expect(simulator.requests.map((request) => request.method)).toEqual([method]);
    expect(history.uptime5Min).toBe(1);
    expect(text).toContain(`switchyard_probes_total{mode="${mode}",result="passed"} 1`);
  });

  it('count against a provider that fails', async () => {
    simulator.setFaults('host', [{ fault: 'status:503' }]);
    const { history, text } = await probeOnce(configWith('completion'));
    expect(history.uptime5Min).toBe(0);
    expect(text).toContain('switchyard_probes_total{mode="completion",result="failed"} 1');
  });

  it('are not sent where a simulator stands in for the providers', async () => {
    await probeOnce({ ...configWith('completion'), simulated: true });
    expect(simulator.requests).toEqual([]);
  });
});
