import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { exchangeRaw } from './raw-exchange.js';
import { KEY, startRig } from './gateway-harness.js';
import type { Rig } from './gateway-harness.js';

const RUNS = 150;
const SENTINEL = 'sentinel';
/** What an upstream of the same protocol may be told. */
const UP = new Set(['anthropic-version', 'anthropic-beta', 'openai-beta']);
/** Headers of messages rather than of requests: with any value they change what the bytes mean. */
const FRAMING = ['host', 'content-length', 'transfer-encoding', 'connection', 'upgrade', 'expect', 'content-encoding'];
const NOT_TRIED = new Set([
  ...FRAMING,
  'authorization',
  'x-api-key',
  'content-type',
  'trailer',
  'te',
  'keep-alive',
  'proxy-connection',
]);

let rig: Rig;
let upstream: Server;
/** What the upstream was sent last, and what it is to answer with. */
let seen: readonly string[] = [];
let answered: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  upstream = createServer((request, response) => {
    seen = request.rawHeaders;
    request.resume();
    const body = JSON.stringify({
      ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'm' },
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    });
    response
      .writeHead(200, { ...answered, 'content-type': 'application/json', 'content-length': body.length })
      .end(body);
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const { port } = upstream.address() as AddressInfo;
  rig = await startRig(`
catalog: { builtin: false }
providers: [{ id: host, dialect: openai-chat, base_url: "http://127.0.0.1:${port}/v1", credentials: [{ id: main, api_key: upstream-secret }] }]
models: [{ id: acme/chat, context_length: 1000, endpoints: [{ provider: host, price: { prompt: 1, completion: 1 } }] }]
`);
});
afterAll(async () => {
  await rig.stop();
  upstream.closeAllConnections();
  upstream.close();
});

const token = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/).filter((name) => !NOT_TRIED.has(name));
const known = fc.constantFrom(
  ...[
    'cookie',
    'x-forwarded-for',
    'x-forwarded-host',
    'forwarded',
    'user-agent',
    'referer',
    'origin',
    'x-real-ip',
    'openai-organization',
  ],
  ...[
    'openai-project',
    'x-stainless-lang',
    'traceparent',
    'x-session-id',
    'set-cookie',
    'server',
    'x-ratelimit-limit-requests',
  ],
  ...[
    'x-request-id',
    'request-id',
    'retry-after',
    'x-goog-api-key',
    'api-key',
    'proxy-authorization',
    'anthropic-beta',
    'location',
  ],
);
const headers = fc.uniqueArray(fc.oneof(token, known), { minLength: 1, maxLength: 8 });
const value = fc.stringMatching(/^[!-~]{0,20}$/).map((text) => `${SENTINEL}${text}`);

it('no header of a client reaches an upstream, and none of an upstream a client, but those that are meant to', async () => {
  const body = JSON.stringify({ model: 'acme/chat', max_tokens: 5, messages: [{ role: 'user', content: 'Hi' }] });
  const request = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n`;
  await fc.assert(
    fc.asyncProperty(headers, headers, value, async (ofClient, ofUpstream, content) => {
      answered = Object.fromEntries(ofUpstream.map((name) => [name, content]));
      const lines = ofClient.map((name) => `${name}: ${content}\r\n`).join('');
      const { statuses, text } = await exchangeRaw(rig.url, Buffer.from(`${request}${lines}\r\n${body}`), {
        quietMs: 0,
      });
      expect(statuses).toEqual([200]);
      expect(text.slice(0, text.indexOf('\r\n\r\n'))).not.toContain(SENTINEL);
      for (let index = 0; index < seen.length; index += 2) {
        if (!UP.has(seen[index]!.toLowerCase())) expect(seen[index + 1]).not.toContain(SENTINEL);
        expect(seen[index + 1]).not.toContain(KEY);
      }
    }),
    { numRuns: RUNS },
  );
});
