import type { JsonObject } from '@switchyard/contract';
import { startRedis } from '../testing/redis.js';
import type { TestRedis } from '../testing/redis.js';
import { startRig } from './gateway-harness.js';
import type { Reply, Rig } from './gateway-harness.js';

const MODEL = `
catalog: { builtin: false }
routing: { seed: 42 }
providers:
  - { id: host, dialect: openai-chat, base_url: "SIMULATOR/host/v1", credentials: [{ id: main, api_key: upstream-secret }] }
models:
  - id: acme/m
    context_length: 128000
    max_output_tokens: 4096
    endpoints:
      - { provider: host, upstream_model: simulated-chat, price: { prompt: 1, completion: 4 } }
  - id: acme/unpriced
    context_length: 128000
    endpoints:
      - { provider: host, upstream_model: simulated-chat }
`;

const SECRETS = {
  rated: 'sk-e2e-rated-0123456789',
  frugal: 'sk-e2e-frugal-0123456789',
  poor: 'sk-e2e-poor-0123456789',
  busy: 'sk-e2e-busy-0123456789',
  shadowed: 'sk-e2e-shadowed-0123456789',
  narrow: 'sk-e2e-narrow-0123456789',
} as const;

const KEYS = `
tenants:
  - { id: shared, limits: { requests_per_minute: 1000 } }
keys:
  - { id: rated, key: ${SECRETS.rated}, limits: { requests_per_minute: 3, input_tokens_per_minute: 60000, output_tokens_per_minute: 9000 } }
  - { id: frugal, key: ${SECRETS.frugal}, limits: { budget_usd: { day: 0.02 } } }
  - { id: poor, key: ${SECRETS.poor}, limits: { budget_usd: { total: 0.000001 } } }
  - { id: busy, key: ${SECRETS.busy}, limits: { concurrency: 1 } }
  - { id: shadowed, key: ${SECRETS.shadowed}, limits: { requests_per_minute: 1, mode: shadow } }
  - { id: narrow, tenant: shared, key: ${SECRETS.narrow}, limits: { output_tokens_per_minute: 100 } }
`;

const chat = (fields: JsonObject = {}): JsonObject => ({
  model: 'acme/m',
  max_tokens: 20,
  messages: [{ role: 'user', content: 'Hi' }],
  ...fields,
});

const ACCOUNTS = `
catalog: { builtin: false }
providers:
  - id: narrow
    dialect: openai-chat
    base_url: "SIMULATOR/narrow/v1"
    credentials: [{ id: main, api_key: secret-a, limits: { requests_per_minute: 2 } }]
  - { id: wide, dialect: openai-chat, base_url: "SIMULATOR/wide/v1", credentials: [{ id: main, api_key: secret-b }] }
models:
  - id: acme/m
    context_length: 128000
    endpoints:
      - { provider: narrow, upstream_model: simulated-chat, price: { prompt: 1, completion: 4 } }
      - { provider: wide, upstream_model: simulated-chat, price: { prompt: 1, completion: 4 } }
`;

/** The same promises with limits in this process and with limits in Redis. */
describe.each(['in this process', 'in Redis'])('limits %s', (where) => {
  let redis: TestRedis | null = null;
  let rig: Rig;

  beforeAll(async () => {
    redis = where === 'in Redis' ? await startRedis() : null;
    const redisLine = redis === null ? '' : `redis: { url: ${redis.url} }`;
    rig = await startRig(`${MODEL}${KEYS}${redisLine}\n`);
  });
  afterAll(async () => {
    await rig.stop();
    await redis?.stop();
  });

  const ask = (key: keyof typeof SECRETS, body: JsonObject = chat()): Promise<Reply> =>
    rig.post('/v1/chat/completions', body, { authorization: `Bearer ${SECRETS[key]}` });
  const askMessages = (key: keyof typeof SECRETS): Promise<Reply> =>
    rig.post('/v1/messages', chat(), { authorization: `Bearer ${SECRETS[key]}` });

  it('refuses the request beyond the rate with 429, and says in headers how much is left', async () => {
    const first = await ask('rated');
    expect(first.status).toBe(200);
    expect(first.headers.get('x-ratelimit-limit-requests')).toBe('3');
    expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('2');
    expect(first.headers.get('x-ratelimit-limit-tokens')).toBe('9000');
    const second = await askMessages('rated');
    expect(second.status).toBe(200);
    expect(second.headers.get('anthropic-ratelimit-requests-limit')).toBe('3');
    expect(second.headers.get('anthropic-ratelimit-requests-remaining')).toBe('1');
    expect(second.headers.get('anthropic-ratelimit-input-tokens-limit')).toBe('60000');
    expect((await ask('rated')).status).toBe(200);
    const refused = await ask('rated');
    expect(refused.status).toBe(429);
    expect(refused.json).toMatchObject({ error: { code: 'rate_limit_exceeded', type: 'requests' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    expect(rig.upstreamModels()).toHaveLength(3);
    rig.forget();
  });

  it('carries the headers on errors of the request too', async () => {
    const reply = await ask('rated', { model: 'acme/m' });
    expect(reply.status).toBe(400);
    expect(reply.headers.get('x-ratelimit-limit-requests')).toBe('3');
  });

  it('spends a budget to its end and never beyond, then says so in each protocol', async () => {
    let spent = 0;
    let served = 0;
    let last: Reply;
    do {
      last = await ask('frugal', chat({ max_tokens: 400 }));
      const { usage } = last.json as { usage?: { cost: number } };
      spent += usage?.cost ?? 0;
      served += last.status === 200 ? 1 : 0;
    } while (last.status === 200 && served < 2_000);
    expect(last.status).toBe(429);
    expect(last.json).toMatchObject({ error: { code: 'insufficient_quota', type: 'insufficient_quota' } });
    expect(last.headers.get('x-should-retry')).toBe('false');
    expect(last.headers.get('retry-after')).toBeNull();
    expect(spent).toBeLessThanOrEqual(0.02);
    const message = await askMessages('poor');
    expect(message.status).toBe(402);
    expect(message.json).toMatchObject({ error: { type: 'billing_error' } });
    const key = await rig.get('/v1/key', { authorization: `Bearer ${SECRETS.frugal}` });
    const { usage_daily: daily } = (key.json as { data: { usage_daily: number } }).data;
    expect(daily).toBeCloseTo(spent, 9);
  });

  it('sends a caller with a budget nowhere that has no known price', async () => {
    const reply = await ask('frugal', chat({ model: 'acme/unpriced' }));
    expect(reply.status).toBe(404);
    expect(reply.json).toMatchObject({ error: { availability: { excluded_by: ['price_unknown'] } } });
  });

  it('gives a slot back when the request ends, however it ends', async () => {
    rig.simulator.setFaults('host', [{ fault: 'ttft:400' }]);
    const [one, two] = await Promise.all([ask('busy'), ask('busy')]);
    rig.simulator.setFaults('host', []);
    expect([one.status, two.status].sort()).toEqual([200, 429]);
    rig.simulator.setFaults('host', [{ fault: 'status:500' }]);
    expect((await ask('busy')).status).toBe(503);
    rig.simulator.setFaults('host', []);
    expect((await ask('busy')).status).toBe(200);
  });

  it('counts in shadow mode and refuses nothing', async () => {
    for (let count = 0; count < 3; count += 1) expect((await ask('shadowed')).status).toBe(200);
    const metrics = await fetch(`${rig.ops}/metrics`).then((response) => response.text());
    expect(metrics).toMatch(/switchyard_ratelimit_decisions_total\{dimension="requests",decision="shadow"\} [1-9]/);
  });

  it('tells a request that can never fit so, and asks for less when nothing was declared', async () => {
    const reply = await ask('narrow', chat({ max_tokens: 101 }));
    expect(reply.status).toBe(400);
    expect(JSON.stringify(reply.json)).toContain('max_tokens');
    const { max_tokens: _undeclared, ...open } = chat();
    expect((await ask('narrow', open)).status).toBe(200);
  });

  it('passes a full provider account over, and fails a caller only when no other may serve', async () => {
    const redisLine = redis === null ? '' : `redis: { url: ${redis.url} }`;
    const accounts = await startRig(`${ACCOUNTS}${redisLine}\n`);
    const order = { provider_order: ['narrow', 'wide'] };
    const providers: (string | null)[] = [];
    for (let count = 0; count < 3; count += 1) {
      const reply = await accounts.post('/v1/chat/completions', chat(order));
      providers.push(reply.headers.get('x-switchyard-provider'));
    }
    expect(providers).toEqual(['narrow', 'narrow', 'wide']);
    const refused = await accounts.post('/v1/chat/completions', chat({ provider_only: ['narrow'] }));
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(accounts.simulator.requests.filter(({ provider }) => provider === 'narrow')).toHaveLength(2);
    await accounts.stop();
  });
});
