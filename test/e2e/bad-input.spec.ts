import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { BOTH_DIALECTS, KEY, startRig } from './gateway-harness.js';
import type { Rig } from './gateway-harness.js';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig(BOTH_DIALECTS);
});
afterAll(() => rig.stop());
beforeEach(() => {
  rig.forget();
});
afterEach(async () => {
  expect(rig.simulator.requests).toHaveLength(0);
  expect((await rig.get('/healthz')).status).toBe(200);
});

const PATHS = ['/v1/messages', '/v1/chat/completions'] as const;
const SOUND = { model: 'acme/chat', max_tokens: 16, messages: [{ role: 'user', content: 'Hi' }] };
const deep = (depth: number): string => `${'['.repeat(depth)}1${']'.repeat(depth)}`;
const ENDLESS = 33 * 1024 * 1024;

describe.each(PATHS)('POST %s', (path) => {
  const isMessages = path === '/v1/messages';

  it.each<[string, string, number, string]>([
    ['malformed JSON', '{"model": "acme/chat",', 400, 'byte'],
    ['trailing bytes', `${JSON.stringify(SOUND)} extra`, 400, 'byte'],
    ['an array', '[]', 400, 'object'],
    ['an empty body', '', 400, ''],
    ['deep nesting', `{"model":"acme/chat","max_tokens":1,"messages":[],"x":${deep(5_000)}}`, 400, 'deep'],
    ['a prototype key', '{"model":"acme/chat","__proto__":{"a":1}}', 400, '__proto__'],
    ['no model', JSON.stringify({ ...SOUND, model: undefined }), 400, 'model'],
    ['no messages', JSON.stringify({ ...SOUND, messages: undefined }), 400, 'messages'],
    ['a stream flag in words', JSON.stringify({ ...SOUND, stream: 'true' }), 400, 'stream'],
    ['a limit below zero', JSON.stringify({ ...SOUND, max_tokens: -1 }), 400, 'max_tokens'],
    [
      'a limit beyond all numbers',
      '{"model":"acme/chat","max_tokens":1e400,"messages":[{"role":"user","content":"Hi"}]}',
      400,
      'max_tokens',
    ],
    ['messages of the wrong type', JSON.stringify({ ...SOUND, messages: 'Hi' }), 400, 'messages'],
    ['an unknown role', JSON.stringify({ ...SOUND, messages: [{ role: 'wizard', content: 'Hi' }] }), 400, 'messages'],
    ['an unknown service tier', JSON.stringify({ ...SOUND, service_tier: 'platinum' }), 400, 'service_tier'],
  ])('refuses %s', async (_name, body, status, word) => {
    const reply = await rig.post(path, body);
    expect(reply.status).toBe(status);
    expect(reply.text.toLowerCase()).toContain(word.toLowerCase());
    expect(reply.headers.get('x-should-retry')).toBe('false');
    expect(reply.headers.get('request-id')).toBe(reply.headers.get('x-request-id'));
    if (isMessages)
      expect(reply.json).toMatchObject({
        type: 'error',
        error: { type: 'invalid_request_error' },
        request_id: reply.headers.get('request-id'),
      });
    else expect(reply.json).toMatchObject({ error: { type: 'invalid_request_error' } });
  });

  it('refuses other content types with 415', async () => {
    const reply = await rig.post(path, JSON.stringify(SOUND), { 'content-type': 'text/plain' });
    expect(reply.status).toBe(415);
    expect(reply.text).toContain('application/json');
  });

  it('refuses invalid UTF-8', async () => {
    const response = await fetch(`${rig.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: Buffer.concat([Buffer.from('{"model":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]),
    });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('UTF-8');
  });

  it('refuses an announced body over the limit before reading it', async () => {
    const head = await rawAnswer(
      `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-type: application/json\r\ncontent-length: ${String(ENDLESS)}\r\n\r\n{`,
    );
    expect(head).toMatch(/^HTTP\/1\.1 413 /);
    expect(head.toLowerCase()).toContain('connection: close');
  });

  it('refuses a compressed body that inflates beyond reason', async () => {
    const response = await fetch(`${rig.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: gzipSync(Buffer.alloc(ENDLESS, 0x20)),
    });
    expect(response.status).toBe(413);
  });

  it('refuses missing, wrong and contradicting keys with one and the same text', async () => {
    const missing = await rig.post(path, SOUND, { authorization: '' });
    const wrong = await rig.post(path, SOUND, { authorization: 'Bearer sk-wrong-key-0123456789' });
    const contradicting = await rig.post(path, SOUND, { 'x-api-key': 'sk-another-key-0123456789' });
    for (const reply of [missing, wrong, contradicting]) {
      expect(reply.status).toBe(401);
      expect(reply.text.replaceAll(/req_[0-9a-f]+/g, '')).toBe(missing.text.replaceAll(/req_[0-9a-f]+/g, ''));
    }
  });

  it('refuses a repeated authorization header', async () => {
    const head = await rawAnswer(
      `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\nauthorization: Bearer other\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`,
    );
    expect(head).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('takes other methods for what they are', async () => {
    const reply = await rig.get(path);
    expect(reply.status).toBe(405);
    expect(reply.headers.get('allow')).toBe('POST');
  });
});

it('answers an unknown path in the protocol of its client', async () => {
  expect((await rig.get('/v1/nothing')).json).toMatchObject({ error: { code: 'not_found' } });
  expect((await rig.get('/v1/nothing', { 'anthropic-version': '2023-06-01' })).json).toMatchObject({ type: 'error' });
});

it('answers garbage with a 400 and goes on', async () => {
  expect(await rawAnswer('NOT HTTP AT ALL\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
});

function rawAnswer(text: string): Promise<string> {
  const { port } = new URL(rig.url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => {
      answer += chunk.toString();
      if (answer.includes('\r\n\r\n')) {
        socket.destroy();
        resolve(answer);
      }
    });
    socket.on('close', () => {
      resolve(answer);
    });
    socket.on('error', reject);
  });
}
