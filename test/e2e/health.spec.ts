import type { JsonObject } from '@switchyard/contract';
import { startRig } from './gateway-harness.js';
import type { Rig } from './gateway-harness.js';

const CONFIG = `
catalog: { builtin: false }
routing: { seed: 1 }
health: { ejection_s: 0.5 }
providers:
  - { id: cheap, dialect: openai-chat, base_url: "SIMULATOR/cheap/v1", credentials: [{ id: main, api_key: secret }] }
  - { id: dear, dialect: openai-chat, base_url: "SIMULATOR/dear/v1", credentials: [{ id: main, api_key: secret }] }
models:
  - id: acme/m1
    endpoints:
      - { provider: cheap, upstream_model: m1, price: { prompt: 0.001, completion: 0.001 } }
      - { provider: dear, upstream_model: m1, price: { prompt: 100, completion: 100 } }
`;
const BODY = { model: 'acme/m1', max_tokens: 20, messages: [{ role: 'user', content: 'Hi' }] };

let rig: Rig;

beforeEach(async () => {
  rig = await startRig(CONFIG);
});
afterEach(() => rig.stop());

/** Who served, in turn. */
async function serve(times: number): Promise<string[]> {
  const served: string[] = [];
  for (let count = 0; count < times; count += 1) {
    const reply = await rig.post('/v1/chat/completions', BODY);
    expect(reply.status).toBe(200);
    served.push(reply.headers.get('x-switchyard-provider') ?? '');
  }
  return served;
}

function providersAsked(): string[] {
  return rig.simulator.requests.map(({ provider }) => provider ?? '');
}

async function listed(provider: string): Promise<JsonObject> {
  const { json } = await rig.get('/v1/models/acme/m1/endpoints');
  const { endpoints } = json['data'] as { endpoints: JsonObject[] };
  return endpoints.find(({ tag }) => tag === provider) ?? {};
}

async function metrics(): Promise<string> {
  return (await fetch(`${rig.ops}/metrics`)).text();
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe('an endpoint that fails again and again', () => {
  it('is asked no more while another one is there, and has its requests back when it is well', async () => {
    rig.simulator.setFaults('cheap', [{ fault: 'status:500' }]);
    // It is put last before it is ejected: only requests that leave no choice go on asking it.
    for (let count = 0; count < 5; count += 1) {
      await rig.post('/v1/chat/completions', { ...BODY, provider: { only: ['cheap'] } });
    }
    rig.forget();
    rig.simulator.setFaults('cheap', [{ fault: 'status:500' }]);
    const plan = await rig.post('/v1/routing/explain?protocol=chat', BODY);
    expect(plan.json['rejected']).toMatchObject([{ endpoint: 'cheap', reasons: [{ code: 'circuit_open' }] }]);
    expect(await listed('cheap')).toMatchObject({ status: -10, uptime_last_5m: 0 });
    expect(await serve(2)).toEqual(['dear', 'dear']);
    expect(providersAsked()).toEqual(['dear', 'dear']);
    expect(await metrics()).toMatch(/switchyard_endpoint_ejections_total\{cause="consecutive"\} 1\n/);

    rig.simulator.setFaults('cheap', []);
    await until(async () => (await serve(1))[0] === 'cheap');
    expect(await listed('cheap')).toMatchObject({ status: 0 });
    expect(await listed('dear')).toMatchObject({ status: 0, uptime_last_5m: 100 });
  });

  it('is asked all the same when it is the only one', async () => {
    rig.simulator.setFaults('cheap', [{ fault: 'status:500' }]);
    const only = { ...BODY, provider: { only: ['cheap'] } };
    for (let count = 0; count < 6; count += 1) await rig.post('/v1/chat/completions', only);
    rig.simulator.setFaults('cheap', []);
    expect((await rig.post('/v1/chat/completions', only)).status).toBe(200);
  });
});

describe('a credential that a provider refuses', () => {
  it('is not used for a while where another endpoint is left, and is counted', async () => {
    rig.simulator.setFaults('cheap', [{ fault: 'status:401' }]);
    expect(await serve(3)).toEqual(['dear', 'dear', 'dear']);
    expect(providersAsked()).toEqual(['cheap', 'dear', 'dear', 'dear']);
    expect(await metrics()).toMatch(/switchyard_credentials_refused_total\{reason="auth"\} 1\n/);
    expect(await listed('cheap')).toMatchObject({ status: 0, uptime_last_5m: 0 });
  });
});

describe('a provider that is at its rate limit', () => {
  it('is passed over for as long as it asks for', async () => {
    rig.simulator.setFaults('cheap', [{ fault: 'status:429' }]);
    expect(await serve(3)).toEqual(['dear', 'dear', 'dear']);
    expect(providersAsked()).toEqual(['cheap', 'dear', 'dear', 'dear']);
    expect(await listed('cheap')).toMatchObject({ status: 0, uptime_last_5m: null });
  });
});
