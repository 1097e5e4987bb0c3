import { Redis } from 'ioredis';
import { startRedis } from '../testing/redis.js';
import type { TestRedis } from '../testing/redis.js';
import { BOTH_DIALECTS, KEY, startRig } from './gateway-harness.js';
import type { Reply, Rig } from './gateway-harness.js';

const OTHER = 'sk-e2e-other-0123456789';
const CANARY = 'canary-of-the-prompt-7391';
/** A host that neither keeps nor collects, so that requests which insist on it have somewhere to go. */
const PRIVATE = BOTH_DIALECTS.replace(
  'models:',
  `  - { id: discreet, dialect: openai-chat, base_url: "SIMULATOR/discreet/v1", credentials: [{ id: main, api_key: upstream-secret-c }], data_policy: { trains: false, retains: false, zdr: true } }
models:
  - { id: acme/private, endpoints: [{ provider: discreet, upstream_model: simulated-chat, price: { prompt: 1, completion: 4 } }] }`,
);
const SETTINGS = `
${PRIVATE}
security: { pepper: "the pepper that both gateways have, long enough" }
idempotency: { max_answer_mib: 0.01 }
tenants: [{ id: elsewhere }]
keys:
  - { id: e2e, key: ${KEY} }
  - { id: other, tenant: elsewhere, key: ${OTHER} }
`;

const CALLS = [
  ['/v1/chat/completions', 'acme/chat', false],
  ['/v1/chat/completions', 'acme/messages', true],
  ['/v1/chat/completions', 'acme/chat', true],
  ['/v1/messages', 'acme/messages', false],
  ['/v1/messages', 'acme/messages', true],
  ['/v1/messages', 'acme/chat', true],
] as const;

let number = 0;
const newKey = (): string => `order-${String((number += 1))}`;
const body = (model = 'acme/chat', fields: object = {}): object => ({
  model,
  max_tokens: 40,
  messages: [{ role: 'user', content: `Hi ${CANARY}` }],
  ...fields,
});
const keyed = (key: string, headers: object = {}): Record<string, string> => ({ 'idempotency-key': key, ...headers });
const errorOf = ({ json }: Reply): Record<string, unknown> => json['error'] as Record<string, unknown>;
const isReplay = ({ headers }: Reply): boolean => headers.get('x-switchyard-idempotent-replay') === 'true';
const CHAT = '/v1/chat/completions';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

describe.each([
  ['one process', () => ''],
  ['Redis', () => `redis: { url: "${redis.url}" }\n`],
])('an Idempotency-Key kept in %s', (_name, store) => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig(`${store()}${SETTINGS}`);
  });
  afterAll(() => rig.stop());
  beforeEach(() => {
    rig.forget();
  });

  it.each(CALLS)('gives the repetition of %s to %s (stream: %s) the same answer, byte for byte', async (...call) => {
    const [path, model, stream] = call;
    const key = newKey();
    const first = await rig.post(path, body(model, { stream }), keyed(key));
    expect(first.status).toBe(200);
    expect(isReplay(first)).toBe(false);
    const second = await rig.post(path, body(model, { stream }), keyed(key));
    expect(second.status).toBe(200);
    expect(isReplay(second)).toBe(true);
    expect(second.text).toBe(first.text);
    for (const name of ['content-type', 'x-generation-id', 'request-id', 'x-request-id', 'x-switchyard-endpoint']) {
      expect([name, second.headers.get(name)]).toEqual([name, first.headers.get(name)]);
    }
    expect(rig.upstreamModels()).toHaveLength(1);
  });

  it('runs a request as often as it is sent without the header', async () => {
    for (let count = 0; count < 2; count += 1) expect((await rig.post(CHAT, body())).status).toBe(200);
    expect(rig.upstreamModels()).toHaveLength(2);
  });

  it('refuses another body and another protocol under the same key', async () => {
    const key = newKey();
    await rig.post(CHAT, body(), keyed(key));
    const other = await rig.post(CHAT, body('acme/chat', { max_tokens: 41 }), keyed(key));
    expect(other.status).toBe(400);
    expect(errorOf(other)['message']).toContain('Idempotency-Key');
    expect((await rig.post('/v1/messages', body(), keyed(key))).status).toBe(400);
    expect(rig.upstreamModels()).toHaveLength(1);
  });

  it.each([
    ['an empty one', ''],
    ['one with a space', 'a b'],
    ['one of 256 characters', 'k'.repeat(256)],
    ['one beyond ASCII', 'ké'],
  ])('refuses a header that is none: %s', async (_case, key) => {
    const reply = await rig.post(CHAT, body(), keyed(key));
    expect(reply.status).toBe(400);
    expect(errorOf(reply)['message']).toContain('Idempotency-Key');
    expect(rig.upstreamModels()).toEqual([]);
  });

  it('belongs to one API key: the same header of another is another request', async () => {
    const key = newKey();
    const first = await rig.post(CHAT, body(), keyed(key));
    const other = await rig.post(CHAT, body(), keyed(key, { authorization: `Bearer ${OTHER}` }));
    expect(isReplay(other)).toBe(false);
    expect(other.headers.get('x-generation-id')).not.toBe(first.headers.get('x-generation-id'));
    expect(rig.upstreamModels()).toHaveLength(2);
  });

  it.each([
    ['of the upstream', 'status:500', false, 503],
    ['in a stream that breaks off', 'rst:3', true, 200],
  ])('lets a request run again after a failure %s', async (_case, fault, stream, status) => {
    const key = newKey();
    rig.simulator.setFaults('speaks-chat', [{ fault }]);
    const failed = await rig.post(CHAT, body('acme/chat', { stream }), keyed(key));
    expect(failed.status).toBe(status);
    rig.forget();
    const again = await rig.post(CHAT, body('acme/chat', { stream }), keyed(key));
    expect(again.status).toBe(200);
    expect(isReplay(again)).toBe(false);
    expect(rig.upstreamModels()).toHaveLength(1);
  });

  it('lets a request that was refused run once nothing is wrong with it', async () => {
    const key = newKey();
    expect((await rig.post(CHAT, body('acme/none'), keyed(key))).status).toBe(404);
    expect((await rig.post(CHAT, body(), keyed(key))).status).toBe(200);
  });

  it('lets a request run again whose client went away, and says that it runs before that', async () => {
    const key = newKey();
    rig.simulator.setFaults('speaks-chat', [{ fault: 'no_headers' }]);
    const leaving = new AbortController();
    const left = fetch(`${rig.url}${CHAT}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...keyed(key) },
      body: JSON.stringify(body()),
      signal: leaving.signal,
    }).catch(() => null);
    await rig.simulator.waitFor((one) => one.provider === 'speaks-chat', 10_000);
    const meanwhile = await rig.post(CHAT, body(), keyed(key));
    expect(meanwhile.status).toBe(409);
    expect(meanwhile.headers.get('x-should-retry')).toBe('true');
    expect(meanwhile.headers.get('retry-after')).toBe('1');
    leaving.abort();
    await left;
    rig.forget();
    const again = await until(
      () => rig.post(CHAT, body(), keyed(key)),
      ({ status }) => status !== 409,
    );
    expect(again.status).toBe(200);
    expect(isReplay(again)).toBe(false);
  });

  it.each([
    ['an answer that is too large', { stream: true, max_tokens: 5_000 }, 'long'],
    ['one whose request asks for zero data retention', { provider: { zdr: true } }, 'zdr'],
    ['one whose request forbids that its data is collected', { provider: { data_collection: 'deny' } }, 'deny'],
  ])('does not keep %s, and does not run the request again either', async (_case, fields, what) => {
    const key = newKey();
    if (what === 'long') rig.simulator.setFaults('speaks-chat', [{ fault: 'overrun_max_tokens:5000' }]);
    const request = { ...body('acme/private', fields), ...(what === 'long' && { model: 'acme/chat' }) };
    const first = await rig.post(CHAT, request, keyed(key));
    expect(first.status).toBe(200);
    const second = await rig.post(CHAT, request, keyed(key));
    expect(second.status).toBe(409);
    expect(second.headers.get('x-should-retry')).toBe('false');
    const id = first.headers.get('x-generation-id');
    expect(errorOf(second)['metadata']).toMatchObject({ generation_id: id });
    expect(errorOf(second)['message']).toContain(id);
    expect(rig.upstreamModels()).toHaveLength(1);
  });

  it('reserves nothing and leaves no second record for a repetition', async () => {
    const key = newKey();
    const first = await rig.post(CHAT, body(), keyed(key));
    const spend = async (): Promise<unknown> =>
      ((await rig.get('/v1/key')).json['data'] as Record<string, unknown>)['usage_total'];
    const before = await spend();
    const second = await rig.post(CHAT, body(), keyed(key));
    expect(isReplay(second)).toBe(true);
    expect(await spend()).toBe(before);
    const id = first.headers.get('x-generation-id') ?? '';
    expect((await rig.get(`/v1/generation?id=${id}`)).status).toBe(200);
  });

  it('counts what became of requests', async () => {
    const metrics = await fetch(`${rig.ops}/metrics`).then((response) => response.text());
    for (const result of ['claimed', 'replayed', 'running', 'mismatch', 'not_kept']) {
      expect(metrics).toMatch(new RegExp(`switchyard_idempotency_total\\{result="${result}"\\} [1-9]`));
    }
  });
});

describe('an Idempotency-Key at two gateways that share a Redis', () => {
  const rigs: Rig[] = [];
  beforeAll(async () => {
    for (let count = 0; count < 2; count += 1) {
      rigs.push(await startRig(`redis: { url: "${redis.url}" }\n${SETTINGS}`, { timeToFirstTokenMs: 500 }));
    }
  });
  afterAll(() => Promise.all(rigs.map((rig) => rig.stop())));

  it('lets one of 200 simultaneous requests reach an upstream', async () => {
    const key = newKey();
    const send = (index: number): Promise<Reply> => rigs[index % 2]!.post(CHAT, body(), keyed(key));
    const replies = await Promise.all(Array.from({ length: 200 }, (_, index) => send(index)));
    const fresh = replies.filter((reply) => reply.status === 200 && !isReplay(reply));
    expect(fresh).toHaveLength(1);
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200, 409]));
    for (const index of [0, 1]) {
      const reply = await send(index);
      expect(isReplay(reply)).toBe(true);
      expect(reply.text).toBe(fresh[0]?.text);
    }
    expect(rigs.flatMap((rig) => rig.upstreamModels())).toHaveLength(1);
  });

  it('leaves neither prompt nor answer nor key in Redis that anybody could read', async () => {
    const [rig] = rigs as [Rig];
    const key = 'canary-order-4711';
    const { text, headers } = await rig.post(CHAT, body(), keyed(key));
    const client = new Redis(redis.url);
    const dump: string[] = [];
    for (const name of await client.keys('*')) {
      dump.push(name);
      if ((await client.type(name)) === 'hash') {
        dump.push(...Object.values(await client.hgetallBuffer(name)).map((value) => value.toString('latin1')));
      }
    }
    client.disconnect();
    const all = dump.join('\n');
    expect(all).toContain('switchyard:idempotency:');
    // The owner of an answer is named in clear: it is how a repetition learns whose answer was not kept.
    expect(all).toContain((headers.get('x-generation-id') ?? '').replace('gen_', ''));
    const said =
      (JSON.parse(text) as { choices: { message: { content: string } }[] }).choices[0]?.message.content ?? '';
    expect(said.length).toBeGreaterThan(10);
    for (const secret of [CANARY, said.slice(0, 20), 'simulated-chat', 'choices', key, KEY]) {
      expect([secret, all.includes(secret)]).toEqual([secret, false]);
    }
  });

  it('is refused while Redis is away, and requests without it are served', async () => {
    const own = await startRedis();
    const rig = await startRig(`redis: { url: "${own.url}" }\n${SETTINGS}`);
    const key = newKey();
    expect((await rig.post(CHAT, body(), keyed(key))).status).toBe(200);
    own.signal('SIGKILL');
    const refused = await rig.post(CHAT, body(), keyed(key));
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((await rig.post(CHAT, body())).status).toBe(200);
    await rig.stop();
    await own.stop();
  });
});

async function until<T>(ask: () => Promise<T>, isIt: (answer: T) => boolean): Promise<T> {
  const endMs = performance.now() + 20_000;
  for (;;) {
    const answer = await ask();
    if (isIt(answer) || performance.now() > endMs) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
