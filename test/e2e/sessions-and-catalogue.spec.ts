import { startRig } from './gateway-harness.js';
import type { Rig } from './gateway-harness.js';

const HOSTS = ['one', 'two', 'three'];
const YAML = `
catalog: { builtin: false }
providers:
${HOSTS.map((id) => `  - { id: ${id}, dialect: openai-chat, base_url: "SIMULATOR/${id}/v1", credentials: [{ id: main, api_key: upstream-secret }] }`).join('\n')}
  - { id: bare, dialect: openai-chat, base_url: "SIMULATOR/bare/v1" }
models:
  - id: acme/m1
    name: Acme M1
    aliases: [m1]
    context_length: 1000
    max_output_tokens: 500
    endpoints:
${HOSTS.map((id) => `      - { provider: ${id}, upstream_model: m1, price: { prompt: 1, completion: 2, cache_read: 0.1 } }`).join('\n')}
  - id: acme/bare
    endpoints: [{ provider: bare, upstream_model: bare, price: { prompt: 1, completion: 2 } }]
  - id: other/m2
    endpoints: [{ provider: one, upstream_model: m2, price: { prompt: 1, completion: 2 } }]
keys:
  - { id: e2e, key: sk-switchyard-e2e-0123456789 }
  - { id: narrow, key: sk-switchyard-narrow-0123456789, policy: { models: ["acme/*"] } }
  - { id: mute, key: sk-switchyard-mute-0123456789, permissions: [inference] }
`;

let rig: Rig;
beforeAll(async () => {
  rig = await startRig(YAML);
});
afterAll(() => rig.stop());

const ask = (extra: object = {}, headers = {}) =>
  rig.post(
    '/v1/chat/completions',
    { model: 'm1', max_tokens: 8, messages: [{ role: 'user', content: 'Hi' }], ...extra },
    headers,
  );
const providerOf = async (reply: Promise<{ readonly headers: Headers }>) =>
  (await reply).headers.get('x-switchyard-provider');

describe('a session', () => {
  it.each(HOSTS)('stays at the endpoint that served it first (%s)', async (host) => {
    const session_id = `session-${host}`;
    expect(await providerOf(ask({ session_id, provider_only: [host] }))).toBe(host);
    for (let count = 0; count < 4; count += 1) expect(await providerOf(ask({ session_id }))).toBe(host);
  });

  it('may be named by header, and inside an order the warm endpoint goes first', async () => {
    const headers = { 'x-session-id': 'by-header' };
    expect(await providerOf(ask({ provider_only: ['three'] }, headers))).toBe('three');
    expect(await providerOf(ask({ provider_order: ['one', 'three'] }, headers))).toBe('three');
    expect(await providerOf(ask({ provider_order: ['one', 'three'], provider_sticky: false }, headers))).toBe('one');
  });
});

describe('a prompt longer than any context', () => {
  it.each([
    ['/v1/messages', 'invalid_request_error', undefined],
    ['/v1/chat/completions', 'invalid_request_error', 'context_length_exceeded'],
  ])('is refused by %s in the words that clients parse', async (path, type, code) => {
    const reply = await rig.post(path, {
      model: 'm1',
      max_tokens: 8,
      messages: [{ role: 'user', content: 'word '.repeat(2_000) }],
    });
    expect(reply.status).toBe(400);
    expect(reply.json).toMatchObject({
      error: {
        type,
        message: expect.stringMatching(/^prompt is too long: \d+ tokens > 1000 maximum$/),
        ...(code && { code }),
      },
    });
  });
});

describe('an endpoint whose provider has no credential', () => {
  it('is never tried, and the refusal says why', async () => {
    const before = rig.simulator.requests.length;
    const reply = await ask({ model: 'acme/bare' });
    expect(reply.status).toBe(404);
    expect(reply.text).toContain('credential_missing');
    expect(rig.simulator.requests).toHaveLength(before);
  });
});

describe('the listing of models', () => {
  it('shows each key the models it can use', async () => {
    const ids = async (key: string) =>
      (
        (await rig.get('/v1/models', { authorization: `Bearer ${key}` })).json['data'] as unknown as { id: string }[]
      ).map((model) => model.id);
    expect(await ids('sk-switchyard-e2e-0123456789')).toEqual(expect.arrayContaining(['acme/m1', 'other/m2']));
    expect(await ids('sk-switchyard-narrow-0123456789')).not.toContain('other/m2');
  });

  it('parses in both official clients', async () => {
    const openai = await rig.openai.models.list();
    expect(openai.data.map((model) => model.id)).toContain('acme/m1');
    const anthropic = await rig.anthropic.models.list();
    expect(anthropic.data.map((model) => model.id)).toContain('acme/m1');
    expect((await rig.anthropic.models.retrieve('acme/m1')).display_name).toBe('Acme M1');
  });

  it('has the endpoints of a model with price, tag and policy', async () => {
    const { json } = await rig.get('/v1/models/acme/m1/endpoints');
    expect(json).toMatchObject({ data: { id: 'acme/m1' } });
    const endpoints = (json['data'] as unknown as { endpoints: { tag: string; pricing: object }[] }).endpoints;
    expect(endpoints.map((endpoint) => endpoint.tag).sort()).toEqual([...HOSTS].sort());
    expect(endpoints[0]?.pricing).toMatchObject({
      prompt: '0.000001',
      completion: '0.000002',
      input_cache_read: '0.0000001',
    });
  });
});

describe('permissions', () => {
  it('keep explain from a key without it', async () => {
    const reply = await rig.post(
      '/v1/routing/explain?protocol=chat',
      { model: 'm1', messages: [{ role: 'user', content: 'Hi' }] },
      { authorization: 'Bearer sk-switchyard-mute-0123456789' },
    );
    expect(reply.status).toBe(403);
    expect(reply.text).toContain('explain');
  });

  it('keep provider_configs from a key without byok', async () => {
    const reply = await ask({ provider_configs: { one: { api_key: 'mine' } } });
    expect(reply.status).toBe(403);
    expect(reply.text).toContain('byok');
    expect(reply.text).not.toContain('mine');
  });
});
