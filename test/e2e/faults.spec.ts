import { startRig } from './gateway-harness.js';
import type { Rig } from './gateway-harness.js';

/** One model per fault: alone it fails, with `models: [acme/sound]` the sound one answers. */
const FAULTS = [
  ['status:500', 503],
  ['status:429:7', 429],
  ['status:401', 502],
  ['status:402', 502],
  ['status:404', 502],
  ['status:529', 503],
  ['accept_then_close', 503],
  ['200_html', 502],
  ['200_empty', 502],
  ['200_json_error', 503],
  ['redirect:http://127.0.0.1:1/', 502],
  ['bad_status_line', 502],
  ['gzip_bomb', 502],
] as const;
const STREAM_FAULTS = [
  ['200_sse_error_first', 503],
  ['empty_stream', 502],
  ['bad_json:0', 502],
] as const;

const slug = (fault: string): string => fault.replaceAll(/[^a-z0-9]+/g, '-');
const ALL_FAULTS = [...FAULTS, ...STREAM_FAULTS].map(([fault]) => fault);
const MID_STREAM = ['chunk_cut:3', 'rst:3', 'error_event:3', 'sse_no_terminator', 'bad_json:3', 'stall:3'] as const;

const model = (id: string, upstream: string, provider: string): string =>
  `  - { id: ${id}, endpoints: [{ provider: ${provider}, upstream_model: "${upstream}", price: { prompt: 1, completion: 2 } }] }`;

const YAML = `
catalog: { builtin: false }
routing: { seed: 42 }
timeouts: { connect_s: 1, headers_s: 2, first_event_s: 2, idle_s: 0.5, total_s: 10 }
providers:
  - { id: chat, dialect: openai-chat, base_url: "SIMULATOR/chat/v1", credentials: [{ id: main, api_key: upstream-secret }] }
  - { id: messages, dialect: anthropic-messages, base_url: "SIMULATOR/messages", credentials: [{ id: main, api_key: upstream-secret }] }
  - { id: refused, dialect: openai-chat, base_url: "http://127.0.0.1:9/v1", credentials: [{ id: main, api_key: upstream-secret }] }
models:
${model('acme/sound', 'sound', 'chat')}
${model('acme/refused', 'refused', 'refused')}
${[...ALL_FAULTS, ...MID_STREAM].flatMap((fault) => [model(`acme/chat-${slug(fault)}`, `mock/${fault}`, 'chat'), model(`acme/messages-${slug(fault)}`, `mock/${fault}`, 'messages')]).join('\n')}
`;

let rig: Rig;
beforeAll(async () => {
  rig = await startRig(YAML);
});
afterAll(() => rig.stop());
beforeEach(() => {
  rig.forget();
});

const CLIENTS = [
  ['messages', '/v1/messages'],
  ['chat', '/v1/chat/completions'],
] as const;
const UPSTREAMS = ['messages', 'chat'] as const;
const bodyOf = (id: string, stream: boolean, extra: object = {}) => ({
  model: id,
  stream,
  max_tokens: 64,
  messages: [{ role: 'user', content: 'Hi' }],
  ...extra,
});

describe.each(CLIENTS)('a %s client', (protocol, path) => {
  describe.each(UPSTREAMS)('before content, with a %s upstream', (upstream) => {
    const cells = [
      ...FAULTS.flatMap(([fault, status]) => [[fault, false, status] as const, [fault, true, status] as const]),
      ...STREAM_FAULTS.map(([fault, status]) => [fault, true, status] as const),
    ];

    it.each(cells)('is told of %s (stream: %s) with %i', async (fault, stream, status) => {
      const reply = await rig.post(path, bodyOf(`acme/${upstream}-${slug(fault)}`, stream));
      expect(reply.status).toBe(status);
      expect(reply.headers.get('content-type')).toContain('application/json');
      expect(reply.headers.get('x-generation-id')).not.toBeNull();
      expect(reply.json).toHaveProperty(['error', 'message']);
      if (protocol === 'messages') expect(reply.json['type']).toBe('error');
    });

    it.each(cells)('is served by the next model after %s (stream: %s)', async (fault, stream) => {
      const reply = await rig.post(path, bodyOf(`acme/${upstream}-${slug(fault)}`, stream, { models: ['acme/sound'] }));
      expect(reply.status).toBe(200);
      expect(reply.headers.get('x-switchyard-model')).toBe('acme/sound');
      expect(reply.headers.get('x-switchyard-attempts')).toBe('2');
      if (stream) expect(reply.text).toContain(protocol === 'messages' ? 'message_stop' : '[DONE]');
    });
  });

  it('is told of a refused connection with 503 and when to come back of a rate limit', async () => {
    expect((await rig.post(path, bodyOf('acme/refused', false))).status).toBe(503);
    const limited = await rig.post(path, bodyOf('acme/chat-status-429-7', false));
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThanOrEqual(7);
    expect(Number(limited.headers.get('retry-after'))).toBeLessThanOrEqual(9);
  });

  describe.each(UPSTREAMS)('after content, with a %s upstream', (upstream) => {
    it.each(MID_STREAM)('gets an honest error, no terminator and no second attempt after %s', async (fault) => {
      const reply = await rig.post(path, bodyOf(`acme/${upstream}-${slug(fault)}`, true, { models: ['acme/sound'] }));
      expect(reply.status).toBe(200);
      expect(reply.text).toContain('"error"');
      expect(reply.text).not.toContain('message_stop');
      expect(reply.text).not.toContain('[DONE]');
      expect(rig.simulator.requests).toHaveLength(1);
      if (protocol === 'messages') expect(reply.text).toContain('event: error');
      else expect(reply.text).toContain('"finish_reason":"error"');
    });
  });
});
