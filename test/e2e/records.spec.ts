import type { JsonObject } from '@switchyard/contract';
import { BOTH_DIALECTS, KEY, startRig } from './gateway-harness.js';
import type { Reply, Rig } from './gateway-harness.js';

const ADMIN = 'sk-e2e-admin-0123456789';
const OTHER = 'sk-e2e-other-0123456789';
const KEYS = `
tenants: [{ id: elsewhere }]
keys:
  - { id: e2e, key: ${KEY} }
  - { id: other, tenant: elsewhere, key: ${OTHER} }
  - { id: boss, key: ${ADMIN}, permissions: [admin] }
`;

const as = (secret: string): Record<string, string> => ({ authorization: `Bearer ${secret}` });
const chat = (fields: JsonObject = {}): JsonObject => ({
  model: 'acme/chat',
  max_tokens: 50,
  messages: [{ role: 'user', content: 'Hi' }],
  ...fields,
});

let rig: Rig;
beforeAll(async () => {
  rig = await startRig(`${BOTH_DIALECTS}${KEYS}`);
});
afterAll(async () => {
  await rig.stop();
});

async function admin(path: string, init: RequestInit = {}): Promise<{ status: number; json: JsonObject }> {
  const headers = { ...as(ADMIN), 'content-type': 'application/json' };
  const response = await fetch(`${rig.ops}${path}`, { ...init, headers });
  const text = await response.text();
  return { status: response.status, json: text === '' ? {} : (JSON.parse(text) as JsonObject) };
}

const recordOf = async (reply: Reply, secret = KEY): Promise<Reply> =>
  rig.get(`/v1/generation?id=${reply.headers.get('x-generation-id') ?? ''}`, as(secret));
const dataOf = ({ json }: Reply): JsonObject => json['data'] as JsonObject;

describe('the record of a request', () => {
  it('can be read as soon as the answer has ended, under both of its ids, with what the answer said it cost', async () => {
    const reply = await rig.post('/v1/chat/completions', chat({ max_tokens: 500 }));
    const usage = reply.json['usage'] as { cost: number; prompt_tokens: number; completion_tokens: number };
    const record = dataOf(await recordOf(reply));
    expect(record).toMatchObject({
      id: reply.headers.get('x-generation-id'),
      request_id: reply.headers.get('request-id'),
      key_id: 'e2e',
      tenant: 'default',
      protocol: 'chat',
      model: 'acme/chat',
      provider: 'speaks-chat',
      endpoint: 'speaks-chat',
      status: 'completed',
      cancelled: false,
      streamed: false,
      finish_reason: 'stop',
      usage_source: 'upstream',
      tokens_prompt: usage.prompt_tokens,
      tokens_completion: usage.completion_tokens,
      total_cost: usage.cost,
      attempts: [{ endpoint: 'speaks-chat', status: 200, error_class: null }],
    });
    expect(record['cost_nano_usd']).toBe(Math.round(usage.cost * 1e9));
    const byRequestId = await rig.get(`/v1/generation?id=${reply.headers.get('request-id') ?? ''}`);
    expect(dataOf(byRequestId)).toEqual(record);
  });

  it.each(['acme/chat', 'acme/messages'])('is the same with and without streaming (%s)', async (model) => {
    const whole = dataOf(await recordOf(await rig.post('/v1/messages', chat({ model }))));
    const streamed = dataOf(await recordOf(await rig.post('/v1/messages', chat({ model, stream: true }))));
    for (const field of ['usage', 'cost_nano_usd', 'tokens_prompt', 'tokens_completion', 'finish_reason', 'status'])
      expect(streamed[field]).toEqual(whole[field]);
    expect(streamed['streamed']).toBe(true);
  });

  it.each(['usage_missing', 'usage_huge', 'usage_zero', 'usage_negative', 'usage_string'])(
    'costs what the answer said where the report of the upstream cannot be true (%s)',
    async (fault) => {
      const both = ['speaks-chat', 'speaks-messages'];
      for (const provider of both) rig.simulator.setFaults(provider, [{ fault }]);
      const told = await Promise.all(
        ['acme/chat', 'acme/messages'].flatMap((model) =>
          [false, true].map(async (stream) => {
            const reply = await rig.post('/v1/messages', chat({ model, stream }));
            expect(reply.status).toBe(200);
            const cost = /"cost":([0-9.e-]+)/.exec(reply.text)?.[1];
            const record = dataOf(await recordOf(reply));
            return { told: Math.round(Number(cost) * 1e9), charged: record['cost_nano_usd'], stream, model };
          }),
        ),
      );
      for (const provider of both) rig.simulator.setFaults(provider, []);
      for (const one of told) expect(one).toEqual({ ...one, told: one.charged });
      expect(told.every(({ charged }) => Number(charged) > 0)).toBe(true);
    },
  );

  it('exists for a request that every endpoint failed, at no cost', async () => {
    rig.simulator.setFaults('speaks-chat', [{ fault: 'status:500' }]);
    const reply = await rig.post('/v1/chat/completions', chat());
    rig.simulator.setFaults('speaks-chat', []);
    expect(reply.status).toBe(503);
    // The only endpoint is tried twice more.
    const attempt = { endpoint: 'speaks-chat', status: 500, error_class: 'server' };
    expect(dataOf(await recordOf(reply))).toMatchObject({
      status: 'upstream_error',
      cost_nano_usd: 0,
      attempts: [attempt, attempt, attempt],
    });
  });

  it("is nobody else's: another tenant gets the 404 of an id that does not exist", async () => {
    const reply = await rig.post('/v1/chat/completions', chat());
    const foreign = await recordOf(reply, OTHER);
    const unknown = await rig.get(`/v1/generation?id=gen_${'0'.repeat(32)}`, as(OTHER));
    expect([foreign.status, unknown.status]).toEqual([404, 404]);
    expect((foreign.json['error'] as JsonObject)['message']).toBe((unknown.json['error'] as JsonObject)['message']);
  });

  it('is not made for a request that was refused before any upstream', async () => {
    const reply = await rig.post('/v1/chat/completions', chat({ model: 'acme/unheard-of' }));
    expect(reply.status).toBe(404);
    const id = (reply.headers.get('request-id') ?? '').replace('req_', 'gen_');
    expect((await rig.get(`/v1/generation?id=${id}`)).status).toBe(404);
  });

  it('is in the usage of its key, which adds up to what the answers said', async () => {
    const listed = await admin('/admin/v1/usage?key_id=e2e&limit=1000');
    const records = listed.json['data'] as { cost_nano_usd: number; created_at: string }[];
    expect(records.length).toBeGreaterThan(3);
    expect([...records].sort((a, b) => a.created_at.localeCompare(b.created_at))).toEqual(records);
    const sums = await admin('/admin/v1/usage?key_id=e2e&group_by=key');
    const [sum] = sums.json['data'] as { cost_nano_usd: number; requests: number }[];
    expect(sum?.requests).toBe(records.length);
    expect(sum?.cost_nano_usd).toBe(records.reduce((total, record) => total + record.cost_nano_usd, 0));
    const key = dataOf(await rig.get('/v1/key'));
    expect(key['usage_daily']).toBeCloseTo((sum?.cost_nano_usd ?? 0) / 1e9, 9);
  });
});

describe('a key of the database', () => {
  it('serves from its creation to its revocation, which also ends what runs under it', async () => {
    const created = await admin('/admin/v1/keys', { method: 'POST', body: JSON.stringify({ label: 'temporary' }) });
    expect(created.status).toBe(201);
    const secret = created.json['secret'] as string;
    const { id } = created.json['data'] as { id: string };
    const reply = await rig.post('/v1/chat/completions', chat(), as(secret));
    expect(reply.status).toBe(200);
    expect(dataOf(await recordOf(reply, secret))).toMatchObject({ key_id: id });

    rig.forget();
    rig.simulator.setFaults('speaks-chat', [{ fault: 'tps:5' }]);
    const running = rig.post('/v1/chat/completions', chat({ stream: true, max_tokens: 500 }), as(secret));
    const streaming = await rig.simulator.waitFor(({ bytesWritten }) => bytesWritten > 400);
    expect(streaming.model).toBe('simulated-chat');
    expect((await admin(`/admin/v1/keys/${id}`, { method: 'DELETE' })).status).toBe(200);
    const cut = await running;
    rig.simulator.setFaults('speaks-chat', []);
    expect(cut.status).toBe(200);
    expect(cut.text).toContain('permission');
    expect(cut.text).not.toContain('[DONE]');
    const refused = await rig.post('/v1/chat/completions', chat(), as(secret));
    const unknown = await rig.post('/v1/chat/completions', chat(), as('gw_live_no_such_key'));
    const missing = await rig.post('/v1/chat/completions', chat(), { authorization: '' });
    const answers = [refused, unknown, missing].map(({ status, json }) => ({ status, error: json['error'] }));
    expect(answers[0]?.status).toBe(401);
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  it('is held to its own policy and limits', async () => {
    const body = { policy: { only: ['speaks-messages'] }, limits: { requests_per_minute: 1 } };
    const created = await admin('/admin/v1/keys', { method: 'POST', body: JSON.stringify(body) });
    const secret = created.json['secret'] as string;
    expect((await rig.post('/v1/chat/completions', chat(), as(secret))).status).toBe(404);
    const served = await rig.post('/v1/chat/completions', chat({ model: 'acme/messages' }), as(secret));
    expect(served.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    const second = await rig.post('/v1/chat/completions', chat({ model: 'acme/messages' }), as(secret));
    expect(second.status).toBe(429);
  });
});
