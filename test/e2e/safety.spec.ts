import { BOTH_DIALECTS, KEY, startRig } from './gateway-harness.js';
import type { Rig } from './gateway-harness.js';

const CHAT = { model: 'acme/chat', max_tokens: 20, messages: [{ role: 'user', content: 'Hi' }] };

describe('a gateway whose disk has no room for its journal', () => {
  let rig: Rig;
  beforeAll(async () => {
    // More than any disk of a test machine has left.
    rig = await startRig(`${BOTH_DIALECTS}\njournal: { min_free_mib: 1000000 }\n`);
  });
  afterAll(() => rig.stop());

  it('takes no request that it could not record, and is not ready on either port', async () => {
    const reply = await rig.post('/v1/chat/completions', CHAT);
    expect(reply.status).toBe(503);
    expect(reply.headers.get('retry-after')).toBe('5');
    expect(rig.upstreamModels()).toEqual([]);
    expect((await rig.get('/readyz')).status).toBe(503);
    expect((await fetch(`${rig.ops}/readyz`)).status).toBe(503);
    expect((await fetch(`${rig.ops}/healthz`)).status).toBe(200);
  });
});

describe('an address that guesses keys', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig(BOTH_DIALECTS);
  });
  afterAll(() => rig.stop());

  it('is told to wait after 20 failures, on every route, and a valid key from it is served all the same', async () => {
    const guess = (path: string, count: number) =>
      path === '/v1/models'
        ? rig.get(path, { authorization: `Bearer sk-wrong-${String(count)}` })
        : rig.post(path, CHAT, { authorization: `Bearer sk-wrong-${String(count)}` });
    const paths = ['/v1/messages', '/v1/chat/completions', '/v1/models'];
    for (let count = 0; count < 20; count += 1) {
      expect((await guess(paths[count % paths.length] ?? '', count)).status).toBe(401);
    }
    for (const path of paths) {
      const refused = await guess(path, 99);
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect((await rig.post('/v1/chat/completions', CHAT, { authorization: `Bearer ${KEY}` })).status).toBe(200);
    const metrics = await fetch(`${rig.ops}/metrics`).then((response) => response.text());
    expect(metrics).toContain('switchyard_auth_failures_total{reason="invalid"} 20');
    expect(metrics).toContain('switchyard_auth_failures_total{reason="throttled"} 3');
    expect(metrics).toContain('switchyard_ledger_unreconciled 0');
  });
});
