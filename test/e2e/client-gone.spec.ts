import { connect } from 'node:net';
import { KEY, startRig } from './gateway-harness.js';
import type { Rig } from './gateway-harness.js';

const YAML = `
catalog: { builtin: false }
providers:
  - { id: chat, dialect: openai-chat, base_url: "SIMULATOR/chat/v1", credentials: [{ id: main, api_key: upstream-secret }] }
  - { id: messages, dialect: anthropic-messages, base_url: "SIMULATOR/messages", credentials: [{ id: main, api_key: upstream-secret }] }
models:
  - { id: acme/chat, endpoints: [{ provider: chat, upstream_model: "mock/infinite", price: { prompt: 1, completion: 2 } }] }
  - { id: acme/messages, endpoints: [{ provider: messages, upstream_model: "mock/infinite", price: { prompt: 1, completion: 2 } }] }
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
    max_tokens: 64,
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
    model: 'acme/chat',
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
