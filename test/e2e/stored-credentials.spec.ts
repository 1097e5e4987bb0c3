import type { JsonObject } from '@switchyard/contract';
import { KEY, startRig } from './gateway-harness.js';
import type { Rig } from './gateway-harness.js';

const ADMIN = 'sk-e2e-admin-0123456789';
const FIRST = 'stored-secret-canary-1';
const SECOND = 'stored-secret-canary-2';
const PATH = '/admin/v1/credentials';
const YAML = `
catalog: { builtin: false }
keys:
  - { id: e2e, key: ${KEY} }
  - { id: boss, key: ${ADMIN}, permissions: [admin] }
providers:
  - { id: host, dialect: openai-chat, base_url: "SIMULATOR/host/v1" }
models:
  - { id: acme/m, endpoints: [{ provider: host, upstream_model: simulated-chat, price: { prompt: 1, completion: 4 } }] }
`;
const CHAT = { model: 'acme/m', max_tokens: 20, messages: [{ role: 'user', content: 'Hi' }] };

let rig: Rig;
beforeAll(async () => {
  rig = await startRig(YAML);
});
afterAll(() => rig.stop());
beforeEach(() => {
  rig.forget();
});

async function admin(method: string, path: string, body?: JsonObject): Promise<number> {
  const headers = { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' };
  const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
  return (await fetch(`${rig.ops}${path}`, init)).status;
}

/** The status, and what the upstream was signed in to with. */
async function ask(): Promise<readonly [number, string | undefined]> {
  rig.forget();
  const { status } = await rig.post('/v1/chat/completions', CHAT);
  return [status, rig.simulator.requests[0]?.headers.authorization];
}

it('a credential stored while the gateway runs enables its provider at once, is replaced, and disables it when deleted', async () => {
  expect((await ask())[0]).toBe(404);
  expect(await admin('POST', PATH, { provider: 'host', id: 'main', api_key: FIRST })).toBe(201);
  expect(await ask()).toEqual([200, `Bearer ${FIRST}`]);
  expect(await admin('PATCH', `${PATH}/host/main`, { api_key: SECOND })).toBe(200);
  expect(await ask()).toEqual([200, `Bearer ${SECOND}`]);
  expect(await admin('DELETE', `${PATH}/host/main`)).toBe(204);
  expect(await ask()).toEqual([404, undefined]);
});
