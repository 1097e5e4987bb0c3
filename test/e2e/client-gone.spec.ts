import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { JsonObject } from '@switchyard/contract';
import { leave } from '../testing/leaving-client.js';
import { KEY, startRig } from './gateway-harness.js';
import type { Rig } from './gateway-harness.js';

const ADMIN = 'sk-e2e-admin-0123456789';
/** Clients that leave at any time, each with a key of its own. */
const LEAVERS = 200;
const AT_ONCE = 20;
const STAY_MAX_MS = 300;
const PAGE = 1_000;
const secretOf = (leaver: number): string => `sk-leaver-${String(leaver)}-0123456789`;
const leaverKeys = Array.from(
  { length: LEAVERS },
  (_, leaver) => `  - { id: leaver-${String(leaver)}, key: ${secretOf(leaver)} }`,
);

const YAML = `
catalog: { builtin: false }
providers:
  - { id: chat, dialect: openai-chat, base_url: "SIMULATOR/chat/v1", credentials: [{ id: main, api_key: upstream-secret }] }
  - { id: messages, dialect: anthropic-messages, base_url: "SIMULATOR/messages", credentials: [{ id: main, api_key: upstream-secret }] }
keys:
  - { id: e2e, key: ${KEY} }
  - { id: boss, key: ${ADMIN}, permissions: [admin] }
${leaverKeys.join('\n')}
models:
  - { id: acme/chat, endpoints: [{ provider: chat, upstream_model: "mock/infinite:5", price: { prompt: 1, completion: 2 } }] }
  - { id: acme/messages, endpoints: [{ provider: messages, upstream_model: "mock/infinite:5", price: { prompt: 1, completion: 2 } }] }
  - { id: acme/flood, endpoints: [{ provider: chat, upstream_model: "mock/infinite", price: { prompt: 1, completion: 2 } }] }
  - { id: acme/paced-chat, endpoints: [{ provider: chat, upstream_model: "mock/tps:100", price: { prompt: 1, completion: 2 } }] }
  - { id: acme/paced-messages, endpoints: [{ provider: messages, upstream_model: "mock/tps:100", price: { prompt: 1, completion: 2 } }] }
  - { id: acme/silent, endpoints: [{ provider: chat, upstream_model: "mock/no_headers", price: { prompt: 1, completion: 2 } }] }
`;

let rig: Rig;
beforeAll(async () => {
  rig = await startRig(YAML);
});
afterAll(() => rig.stop());
beforeEach(() => {
  rig.forget();
});

const PATHS = ['/v1/messages', '/v1/chat/completions'] as const;
const cells = PATHS.flatMap((path) => [[path, 'acme/chat'] as const, [path, 'acme/messages'] as const]);

it.each(cells)('aborts the upstream when the client of %s drops a stream of %s', async (path, model) => {
  const socket = await startRequest(path, {
    model,
    stream: true,
    // Far beyond what the upstream writes before the client leaves.
    max_tokens: 1_000_000,
    messages: [{ role: 'user', content: 'Hi' }],
  });
  await new Promise((resolve) => socket.once('data', resolve));
  socket.destroy();
  const request = await rig.simulator.waitFor((one) => one.aborted, 5_000);
  expect(request.finishedMs).toBeNull();
});

it.each(PATHS)(
  'aborts the upstream when the client of %s drops a request that is still without an answer',
  async (path) => {
    const socket = await startRequest(path, {
      model: 'acme/silent',
      max_tokens: 64,
      messages: [{ role: 'user', content: 'Hi' }],
    });
    await rig.simulator.waitFor((one) => one.model === 'mock/no_headers', 5_000);
    socket.destroy();
    expect((await rig.simulator.waitFor((one) => one.aborted, 5_000)).aborted).toBe(true);
  },
);

it('holds the upstream back while the client does not read, instead of keeping the answer in memory', async () => {
  const socket = await startRequest('/v1/chat/completions', {
    model: 'acme/flood',
    stream: true,
    messages: [{ role: 'user', content: 'Hi' }],
  });
  await new Promise((resolve) => socket.once('data', resolve));
  socket.pause();
  const request = await rig.simulator.waitFor((one) => one.bytesWritten > 0, 5_000);
  const written = await settled(() => request.bytesWritten);
  expect(written).toBeLessThan(64 * 1024 * 1024);
  socket.destroy();
  await rig.simulator.waitFor((one) => one.aborted, 5_000);
});

it('has one record of every request that its client left, at any time, and keeps no upstream busy', async () => {
  const left: boolean[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    for (let leaver = next++; leaver < LEAVERS; leaver = next++) {
      const body: JsonObject = {
        model: leaver % 2 === 0 ? 'acme/paced-chat' : 'acme/paced-messages',
        stream: leaver % 3 !== 0,
        max_tokens: 100,
        messages: [{ role: 'user', content: `leaver-${String(leaver)} says: Please answer in 15 words.` }],
      };
      const path = leaver % 4 < 2 ? '/v1/messages' : '/v1/chat/completions';
      const how = leaver % 5 < 2 ? 'fin' : 'reset';
      const afterMs = (STAY_MAX_MS * ((leaver * 37) % LEAVERS)) / LEAVERS;
      const { leftMs } = await leave({ url: rig.url, secret: secretOf(leaver), path, body, how, afterMs });
      left[leaver] = leftMs !== null;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  expect(left.filter((one) => one).length).toBeGreaterThan(LEAVERS / 2);

  const isOver = (): boolean =>
    rig.simulator.requests.every(({ aborted, finishedMs }) => aborted || finishedMs !== null);
  for (const until = Date.now() + 10_000; !isOver() && Date.now() < until;) await pause(50);
  expect(isOver()).toBe(true);

  const records = (await everyRecord()).filter(({ key_id }) => key_id.startsWith('leaver-'));
  expect(new Set(records.map(({ key_id }) => key_id)).size).toBe(records.length);
  const keys = new Set(records.map(({ key_id }) => key_id));
  for (const { bodyText } of rig.simulator.requests) expect(keys).toContain(/leaver-\d+/.exec(bodyText)?.[0]);
  for (const { key_id, status, usage_source, cancelled } of records) {
    const isLeft = left[Number(key_id.slice('leaver-'.length))] === true;
    if (!isLeft)
      expect({ key_id, status, usage_source }).toEqual({ key_id, status: 'completed', usage_source: 'upstream' });
    else if (cancelled) expect(['partial', 'estimated']).toContain(usage_source);
    else expect(status).toBe('completed');
  }
}, 60_000);

interface ShownRecord {
  readonly key_id: string;
  readonly status: string;
  readonly usage_source: string;
  readonly cancelled: boolean;
}

async function everyRecord(): Promise<readonly ShownRecord[]> {
  const headers = { authorization: `Bearer ${ADMIN}` };
  const answer = await fetch(`${rig.ops}/admin/v1/usage?limit=${String(PAGE)}`, { headers });
  return ((await answer.json()) as { data: ShownRecord[] }).data;
}

/** The value once it stops changing: an endless upstream whose client reads nothing must stop writing. */
async function settled(value: () => number): Promise<number> {
  for (let last = -1; ;) {
    const current = value();
    if (current === last) return current;
    last = current;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

function startRequest(path: string, body: object): Promise<ReturnType<typeof connect>> {
  const text = JSON.stringify(body);
  const { port } = new URL(rig.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.write(
        `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${KEY}\r\ncontent-type: application/json\r\n` +
          `content-length: ${String(Buffer.byteLength(text))}\r\n\r\n${text}`,
      );
      resolve(socket);
    });
    socket.once('error', reject);
  });
}
