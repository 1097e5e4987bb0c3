import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '@switchyard/contract';
import { HIDDEN_HOSTS } from '../testing/host-spellings.js';
import { KEY, startRig } from './gateway-harness.js';
import type { Reply, Rig } from './gateway-harness.js';

const PLAIN = 'sk-e2e-plain-0123456789';
const BOUND = 'sk-e2e-bound-0123456789';
const POOR = 'sk-e2e-poor-0123456789';
const OWN = 'sk-callers-own-secret-0123456789';
const OPERATORS = 'operators-secret-0123456789';
const OPERATORS_HEADER = 'operators-header-0123456789';

const MAY = 'permissions: [inference, explain, byok]';
const YAML = `
catalog: { builtin: false }
routing: { seed: 42 }
security: { private_hosts: [127.0.0.1] }
providers:
  - id: hosted
    dialect: openai-chat
    base_url: "SIMULATOR/hosted/v1"
    credentials: [{ id: main, api_key: ${OPERATORS} }]
    headers: { x-operator: ${OPERATORS_HEADER} }
    data_policy: { trains: false, retains: false, zdr: true, regions: [eu] }
  - id: cheaper
    dialect: openai-chat
    base_url: "SIMULATOR/cheaper/v1"
    credentials: [{ id: main, api_key: ${OPERATORS} }]
    data_policy: { trains: false, retains: false, zdr: true, regions: [eu] }
  - id: keyless
    dialect: anthropic-messages
    base_url: "SIMULATOR/keyless"
    headers: { x-operator: ${OPERATORS_HEADER} }
models:
  - id: acme/m1
    aliases: [m1]
    endpoints:
      - { provider: hosted, upstream_model: upstream-m1, price: { prompt: 3, completion: 15 } }
      - { provider: cheaper, upstream_model: upstream-m1, price: { prompt: 0.1, completion: 0.2 } }
      - { provider: keyless, upstream_model: upstream-m1, price: { prompt: 5, completion: 20 } }
keys:
  - { id: e2e, key: ${KEY}, ${MAY} }
  - { id: plain, key: ${PLAIN} }
  - { id: bound, key: ${BOUND}, ${MAY}, policy: { only: [hosted] } }
  - { id: poor, key: ${POOR}, ${MAY}, limits: { budget_usd: { total: 0.000001 } } }
`;

let rig: Rig;
beforeAll(async () => {
  rig = await startRig(YAML);
});
afterAll(() => rig.stop());
beforeEach(() => {
  rig.forget();
});

const chat = (configs: JsonObject, fields: JsonObject = {}): JsonObject => ({
  model: 'acme/m1',
  max_tokens: 20,
  messages: [{ role: 'user', content: 'Hi' }],
  provider_configs: configs,
  ...fields,
});
const send = async (body: JsonObject, secret = KEY, path = '/v1/chat/completions'): Promise<Reply> =>
  rig.post(path, body, { authorization: `Bearer ${secret}` });
const mine = (fields: JsonObject = {}): JsonObject => ({
  mine: { api_key: OWN, base_url: `${rig.simulator.url}/mine/v1`, ...fields },
});
const recordOf = async (reply: Reply): Promise<JsonObject> => {
  const { json } = await rig.get(`/v1/generation?id=${reply.headers.get('x-generation-id') ?? ''}`);
  return json['data'] as JsonObject;
};
const errorOf = ({ json }: Reply): JsonObject => json['error'] as JsonObject;
/** Providers in the order in which they were asked. */
const asked = (): (string | null)[] => rig.simulator.requests.map(({ provider }) => provider);
/** Everything that reached upstreams. */
const seen = (): string => JSON.stringify(rig.simulator.requests.map(({ headers, bodyText }) => [headers, bodyText]));

describe('the permission', () => {
  it.each(['/v1/chat/completions', '/v1/messages', '/v1/routing/explain?protocol=chat'])(
    'is asked for at %s, whatever the entries say',
    async (path) => {
      for (const configs of [mine(), { hosted: { nonsense: true } }]) {
        expect((await send(chat(configs), PLAIN, path)).status).toBe(403);
      }
      expect(asked()).toEqual([]);
    },
  );
});

describe('an account at a provider of the catalogue', () => {
  it('is used first and in place of the operator’s, and costs nothing here', async () => {
    const reply = await send(chat({ hosted: { api_key: OWN } }));
    expect(reply.status).toBe(200);
    expect(asked()).toEqual(['hosted']);
    expect(rig.simulator.requests[0]?.headers.authorization).toBe(`Bearer ${OWN}`);
    expect(seen()).not.toContain('operators-');
    expect(seen()).not.toContain('provider_configs');
    const usage = reply.json['usage'] as JsonObject;
    expect(usage).toMatchObject({ cost: 0, is_byok: true });
    const upstream = (usage['cost_details'] as JsonObject)['upstream_inference_cost'] as number;
    expect(upstream).toBeGreaterThan(0);
    expect(await recordOf(reply)).toMatchObject({
      provider: 'hosted',
      is_byok: true,
      total_cost: 0,
      cost_nano_usd: 0,
      upstream_inference_cost: upstream,
    });
  });

  it.each<[JsonObject, string, string]>([
    [{ auth_type: 'bearer' }, 'authorization', `Bearer ${OWN}`],
    [{ auth_type: 'api_key' }, 'x-api-key', OWN],
    [{ auth_type: 'api_key', auth_header_name: 'API-Key' }, 'api-key', OWN],
    [{ auth_type: 'custom', auth_header_name: 'X-My-Token' }, 'x-my-token', OWN],
    [
      { auth_type: 'basic', api_key: `me:${OWN}` },
      'authorization',
      `Basic ${Buffer.from(`me:${OWN}`).toString('base64')}`,
    ],
    [{ headers: { 'X-Team': 'blue' } }, 'x-team', 'blue'],
  ])('signs in as %j says', async (fields, header, value) => {
    const reply = await send(chat({ hosted: { api_key: OWN, ...fields } }));
    expect(reply.status).toBe(200);
    expect(rig.simulator.requests[0]?.headers[header]).toBe(value);
    const others = ['authorization', 'x-api-key'].filter(
      (name) => name !== header && fields['auth_type'] !== undefined,
    );
    for (const name of others) expect(rig.simulator.requests[0]?.headers[name]).toBeUndefined();
  });

  it('opens a provider that the operator has no credential for, in its own dialect', async () => {
    const configs = { keyless: { api_key: OWN } };
    expect((await send(chat({}, { provider_only: ['keyless'] }))).status).toBe(404);
    expect((await send(chat(configs, { provider_only: ['keyless'] }))).status).toBe(200);
    expect(rig.simulator.requests[0]?.headers).toMatchObject({
      'x-api-key': OWN,
      'anthropic-version': expect.any(String) as string,
    });
    expect(seen()).not.toContain(OPERATORS_HEADER);
  });

  it('falls back to the operator’s accounts, and says whose fault it was when there are none', async () => {
    rig.simulator.setFaults('hosted', [{ fault: 'status:401' }]);
    try {
      const served = await send(chat({ hosted: { api_key: OWN } }));
      expect(served.status).toBe(200);
      expect(asked()).toEqual(['hosted', 'cheaper']);
      expect(served.json['usage']).toMatchObject({ is_byok: false });

      const refused = await send(chat({ Hosted: { api_key: OWN } }, { provider_only: ['hosted'] }));
      expect(refused.status).toBe(400);
      expect(errorOf(refused)['param']).toBe('provider_configs.Hosted.api_key');
      expect(refused.text).not.toContain('callers-own');
    } finally {
      rig.simulator.setFaults('hosted', []);
    }
    // A refused account of a caller's does not count against the operator's.
    rig.forget();
    expect((await send(chat({}, { provider_only: ['hosted'] }))).status).toBe(200);
    expect(rig.simulator.requests[0]?.headers.authorization).toBe(`Bearer ${OPERATORS}`);
  });

  it('does not have the zero retention that was agreed with the operator', async () => {
    const body = chat({ hosted: { api_key: OWN } }, { provider_only: ['hosted'], provider_zdr: true });
    const reply = await send(body);
    expect(reply.status).toBe(404);
    expect(errorOf(reply)['availability']).toMatchObject({ excluded_by: expect.arrayContaining(['data_policy:zdr']) });
    expect(asked()).toEqual([]);
  });

  it('is limited to the rate that the caller gave it', async () => {
    const body = chat({ hosted: { api_key: `${OWN}-slow`, rate_limit_rpm: 1 } }, { provider_only: ['hosted'] });
    expect((await send(body)).status).toBe(200);
    expect((await send(body)).status).toBe(429);
    expect((await send(chat({ hosted: { api_key: OWN } }, { provider_only: ['hosted'] }))).status).toBe(200);
  });

  it('gives up when the time that the caller gave it is over', async () => {
    rig.simulator.setFaults('hosted', [{ fault: 'stall' }]);
    try {
      const configs = { hosted: { api_key: OWN, timeout_ms: 1_000 } };
      const reply = await send(chat(configs));
      expect(reply.status).toBe(200);
      expect(asked()).toEqual(['hosted', 'cheaper']);
    } finally {
      rig.simulator.setFaults('hosted', []);
    }
  });

  it('serves a caller whose budget is used up', async () => {
    expect((await send(chat({}), POOR)).status).toBe(429);
    const reply = await send(chat({ hosted: { api_key: OWN } }, { provider_only: ['hosted'] }), POOR);
    expect(reply.status).toBe(200);
  });
});

describe('a provider of the caller’s own', () => {
  it.each([false, true])('serves what it is asked for, streamed: %s', async (stream) => {
    const reply = await send(
      chat(mine(), { model: 'house/model:nitro', stream, ...(stream && { stream_options: { include_usage: true } }) }),
    );
    expect(reply.status).toBe(200);
    expect(reply.headers.get('x-switchyard-provider')).toBe('mine');
    expect(asked()).toEqual(['mine']);
    expect(rig.simulator.requests[0]).toMatchObject({ model: 'house/model' });
    expect(rig.simulator.requests[0]?.headers.authorization).toBe(`Bearer ${OWN}`);
    expect(seen()).not.toContain('operators-');
    expect(reply.text).toContain('"is_byok":true');
    expect(await recordOf(reply)).toMatchObject({ provider: 'mine', is_byok: true, upstream_inference_cost: null });
  });

  it('comes before those of the catalogue, which stay for when it fails', async () => {
    rig.simulator.setFaults('mine', [{ fault: 'status:500' }]);
    try {
      const reply = await send(chat(mine(), { model: 'm1' }));
      expect(reply.status).toBe(200);
      expect(asked().slice(0, 2)).toEqual(['mine', 'cheaper']);
      expect(rig.simulator.requests[0]?.model).toBe('m1');
    } finally {
      rig.simulator.setFaults('mine', []);
    }
  });

  it('is spoken to from the other protocol as well', async () => {
    const reply = await send(chat(mine()), KEY, '/v1/messages');
    expect(reply.json).toMatchObject({ type: 'message', usage: { is_byok: true, cost: 0 } });
  });

  it('obeys the names that a request gives it', async () => {
    expect((await send(chat(mine(), { provider_ignore: ['mine'] }))).headers.get('x-switchyard-provider')).toBe(
      'cheaper',
    );
    const only = await send(chat(mine(), { provider_only: ['mine'] }));
    expect(only.headers.get('x-switchyard-provider')).toBe('mine');
  });

  it.each<[string, JsonObject]>([
    ['data_policy:zdr', { provider_zdr: true }],
    ['data_policy:training', { provider_data_collection: 'deny' }],
    ['max_price', { provider_max_prompt_price: 1000 }],
    ['quantization', { provider_quantizations: ['fp8'] }],
  ])('does not get past %s, because nothing is known of it', async (code, hints) => {
    for (const configs of [mine(), { hosted: { api_key: OWN, base_url: `${rig.simulator.url}/mine/v1` } }]) {
      const reply = await send(chat(configs, { ...hints, provider_only: Object.keys(configs) }));
      expect(reply.status).toBe(404);
      expect(errorOf(reply)['availability']).toMatchObject({ excluded_by: expect.arrayContaining([code]) });
    }
    expect(asked()).toEqual([]);
  });

  it('does not pass for a provider that the key is bound to, under whatever name', async () => {
    const elsewhere = { hosted: { api_key: OWN, base_url: `${rig.simulator.url}/mine/v1` } };
    expect((await send(chat(elsewhere), BOUND)).status).toBe(404);
    expect((await send(chat(mine()), BOUND)).headers.get('x-switchyard-provider')).toBe('hosted');
    expect((await send(chat({ hosted: { api_key: OWN } }), BOUND)).status).toBe(200);
    expect(asked()).not.toContain('mine');
  });

  it.each<[JsonObject, string]>([
    [{ nobody: { api_key: OWN } }, 'provider_configs.nobody.base_url'],
    [{ byok: { api_key: OWN, base_url: 'https://llm.example.com' } }, 'provider_configs.byok'],
    [{ 'my host': { api_key: OWN, base_url: 'https://llm.example.com' } }, 'provider_configs.my host'],
    [{ hosted: { base_url: 'https://llm.example.com' } }, 'provider_configs.hosted.api_key'],
    [{ hosted: { api_key: OWN }, HOSTED: { api_key: OWN } }, 'provider_configs.HOSTED'],
    [{ hosted: { api_key: OWN, helth_endpoint: '/' } }, 'provider_configs.hosted.helth_endpoint'],
  ])('%j is a fault of the request', async (configs, param) => {
    const reply = await send(chat(configs));
    expect(reply.status).toBe(400);
    expect(errorOf(reply)['param']).toBe(param);
    expect(reply.text).not.toContain('callers-own');
  });
});

describe('explain', () => {
  it('plans with it, and shows nothing of it', async () => {
    const configs = { ...mine({ headers: { 'x-team': 'own-header-value' } }), hosted: { api_key: OWN } };
    const reply = await send(chat(configs), KEY, '/v1/routing/explain?protocol=chat');
    const attempts = reply.json['attempts'] as JsonObject[];
    expect(attempts.map(({ provider }) => provider)).toEqual(['hosted', 'mine', 'cheaper']);
    expect(attempts[0]?.['because']).toContain("the caller's own account");
    for (const secret of [OWN, 'own-header-value', rig.simulator.url]) expect(reply.text).not.toContain(secret);
  });
});

describe('a host that a caller chose', () => {
  let trap: Server;
  let port = 0;
  let connections = 0;
  beforeAll(async () => {
    trap = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    trap.listen(0, '127.0.0.1');
    await once(trap, 'listening');
    ({ port } = trap.address() as AddressInfo);
  });
  afterAll(() => new Promise((resolve) => trap.close(resolve)));

  it('is refused in every spelling that leads inside', async () => {
    const strict = await startRig(YAML.replace('private_hosts: [127.0.0.1]', 'private_hosts: []'));
    try {
      for (const spelling of HIDDEN_HOSTS) {
        const url = spelling.replace('PORT', String(port));
        const reply = await strict.post('/v1/chat/completions', chat({ trap: { api_key: OWN, base_url: url } }));
        expect([url, reply.status, errorOf(reply)['param']]).toEqual([url, 400, 'provider_configs.trap.base_url']);
      }
    } finally {
      await strict.stop();
    }
    expect(connections).toBe(0);
  });

  it('sends neither prompt nor credential where it redirects to', async () => {
    const away = `redirect:http://127.0.0.1:${port}/v1`;
    rig.simulator.setFaults('mine', [{ fault: away }]);
    try {
      const reply = await send(chat(mine(), { provider_only: ['mine'] }));
      expect(reply.status).toBe(502);
      expect(reply.text).not.toContain('127.0.0.1');
    } finally {
      rig.simulator.setFaults('mine', []);
    }
    expect(connections).toBe(0);
  });
});
