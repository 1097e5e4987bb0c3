import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { gunzipSync } from 'node:zlib';
import { Agent, request } from 'undici';
import { startSimulator, type RunningSimulator } from '../index.js';
import { FAULT_NAMES } from './table.js';

const SECRET = 'sk-secret-canary';
const MAX_TOKENS = 100;
/** Whoever says nothing for so long is taken to hang; short where that is what must happen. */
const PATIENCE_MS = 10_000;
const SHORT_PATIENCE_MS = 120;
const HANGING = /no_headers|slow_body_read$|stall|trickle|pings_forever/;
const READ_AT_MOST = 3_000_000;

interface Way {
  readonly dialect: 'anthropic' | 'openai';
  readonly stream: boolean;
}

interface Outcome extends Way {
  readonly status: number | null;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  readonly text: string;
  /** The client's error, before or in the body. */
  readonly error: string | null;
  readonly hung: boolean;
}

const WAYS: readonly Way[] = [
  { dialect: 'anthropic', stream: false },
  { dialect: 'anthropic', stream: true },
  { dialect: 'openai', stream: false },
  { dialect: 'openai', stream: true },
];

let simulator: RunningSimulator;
let agent: Agent;

beforeAll(async () => {
  simulator = await startSimulator();
  agent = new Agent();
});
afterAll(async () => {
  await agent.destroy();
  await simulator.close();
});
beforeEach(() => simulator.clear());

function bodyFor(way: Way, model: string, more: object = {}): object {
  const messages = [{ role: 'user', content: 'Tell me of wagons in 40 words.' }];
  const usage = way.dialect === 'openai' && way.stream ? { stream_options: { include_usage: true } } : {};
  return { model, max_tokens: MAX_TOKENS, messages, stream: way.stream, ...usage, ...more };
}

async function ask(way: Way, model: string, more: object = {}, headers: Record<string, string> = {}): Promise<Outcome> {
  const path = way.dialect === 'anthropic' ? '/anthropic/v1/messages' : '/groq/v1/chat/completions';
  const patience = new AbortController();
  const patienceMs = HANGING.test(model) ? SHORT_PATIENCE_MS : PATIENCE_MS;
  let timer = setTimeout(() => patience.abort(), patienceMs);
  const chunks: Buffer[] = [];
  const seen: { status: number | null; headers: Outcome['headers'] } = { status: null, headers: {} };
  let error: string | null = null;
  try {
    const answer = await request(simulator.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${SECRET}`, ...headers },
      body: JSON.stringify(bodyFor(way, model, more)),
      dispatcher: agent,
      signal: patience.signal,
    });
    seen.status = answer.statusCode;
    seen.headers = answer.headers;
    let length = 0;
    for await (const chunk of answer.body) {
      chunks.push(chunk as Buffer);
      length += (chunk as Buffer).length;
      clearTimeout(timer);
      timer = setTimeout(() => patience.abort(), patienceMs);
      if (length > READ_AT_MOST) patience.abort();
    }
  } catch (caught) {
    const { code, name } = caught as { code?: string; name: string };
    error = code ?? name;
  } finally {
    clearTimeout(timer);
  }
  const bytes = Buffer.concat(chunks);
  return { ...way, ...seen, bytes, text: bytes.toString('utf8'), error, hung: patience.signal.aborted };
}

/** The data of each event, or the one JSON body. */
function jsonsOf(outcome: Outcome): readonly unknown[] {
  if (!outcome.stream) return [JSON.parse(outcome.text)];
  const lines = outcome.text.split(/\r\n|\r|\n/).filter((line) => line.startsWith('data: {'));
  return lines.map((line) => JSON.parse(line.slice('data: '.length)) as unknown);
}

function at(json: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], json);
}

function isWhole(outcome: Outcome): boolean {
  if (!outcome.stream) return at(jsonsOf(outcome)[0], 'id') !== undefined;
  return /(?:"message_stop"\}|\[DONE\])\s*$/.test(outcome.text);
}

function contentOf(outcome: Outcome): string {
  const place = outcome.stream ? 'delta' : 'message';
  const texts = jsonsOf(outcome).map((json) => {
    if (outcome.dialect === 'openai') return at(json, 'choices', 0, place, 'content');
    return outcome.stream ? at(json, 'delta', 'text') : at(json, 'content', 0, 'text');
  });
  return texts.map((text) => (typeof text === 'string' ? text : '')).join('');
}

function usagesOf(outcome: Outcome): readonly object[] {
  return jsonsOf(outcome)
    .map((json) => at(json, 'usage') ?? at(json, 'message', 'usage'))
    .filter((usage) => typeof usage === 'object' && usage !== null);
}

function outputTokensOf(usage: object): unknown {
  return 'output_tokens' in usage ? usage.output_tokens : at(usage, 'completion_tokens');
}

function expectGood(outcome: Outcome): void {
  expect(outcome).toMatchObject({ status: 200, error: null, hung: false });
  expect(isWhole(outcome)).toBe(true);
}

function expectError(outcome: Outcome, status: number, words: string | RegExp): void {
  expect(outcome.status).toBe(status);
  const { error, type } = JSON.parse(outcome.text);
  expect(error.message).toMatch(words);
  expect(type).toBe(outcome.dialect === 'anthropic' ? 'error' : undefined);
}

/** Content began to arrive, and the end never came. */
function expectBroken(outcome: Outcome): void {
  expect(outcome.status).toBe(200);
  expect(outcome.text.length).toBeGreaterThan(0);
  if (outcome.stream) {
    expect(contentOf(outcome)).not.toBe('');
    expect(isWhole(outcome)).toBe(false);
  } else {
    expect(() => JSON.parse(outcome.text)).toThrow();
  }
}

type Row = readonly [model: string, promise: string, check: (outcome: Outcome) => void];

const ROWS: readonly Row[] = [
  ['mock/ok', 'answers well', expectGood],
  ['mock/ok_slow:10', 'answers well, later', expectGood],
  ['mock/ttft:10', 'begins later', expectGood],
  ['mock/tps:50000', 'comes at a pace', expectGood],
  [
    'mock/big:0.2',
    'is as long as was ordered',
    (outcome) => {
      expectGood(outcome);
      expect(contentOf(outcome).length).toBe(Math.floor(0.2 * 1024 * 1024));
    },
  ],
  [
    'mock/overrun_max_tokens',
    'goes far beyond max_tokens',
    (outcome) => {
      expectGood(outcome);
      expect(contentOf(outcome).length / 4).toBeGreaterThan(1.1 * MAX_TOKENS + 256);
    },
  ],
  [
    'mock/refusal',
    'refuses in the words of the dialect',
    (outcome) => {
      expectGood(outcome);
      expect(outcome.text).toContain(
        outcome.dialect === 'anthropic' ? '"stop_reason":"refusal"' : '"refusal":"I\'m sorry',
      );
      expect(contentOf(outcome)).toBe('');
    },
  ],
  [
    'mock/empty_stream',
    'begins and ends without content',
    (outcome) => {
      expectGood(outcome);
      expect(contentOf(outcome)).toBe('');
    },
  ],
  ['mock/tool_args_split', 'answers well without tools', expectGood],
  [
    'mock/status:503:7',
    'sends a status and retry-after',
    (outcome) => {
      expectError(outcome, 503, /./);
      expect(outcome.headers['retry-after']).toBe('7');
    },
  ],
  [
    'mock/429_date:60',
    'sends retry-after as a date',
    (outcome) => {
      expectError(outcome, 429, /rate limit/i);
      expect(Date.parse(String(outcome.headers['retry-after']))).toBeGreaterThan(Date.now());
    },
  ],
  ['mock/invalid_400', 'finds the request invalid', (outcome) => expectError(outcome, 400, 'temperature')],
  [
    'mock/context_overflow',
    'finds the prompt too long',
    (outcome) => expectError(outcome, 400, /prompt is too long: \d+ tokens > \d+ maximum|maximum context length/),
  ],
  ['mock/echo_secret', 'echoes the credential', (outcome) => expectError(outcome, 401, SECRET)],
  [
    'mock/redirect:http://127.0.0.1:9/else',
    'points elsewhere',
    (outcome) => {
      expect(outcome.status).toBe(307);
      expect(outcome.headers['location']).toBe('http://127.0.0.1:9/else');
    },
  ],
  [
    'mock/200_html',
    'sends a page',
    (outcome) => {
      expect(outcome).toMatchObject({ status: 200, headers: { 'content-type': 'text/html' } });
      expect(outcome.text).toContain('<html>');
    },
  ],
  [
    'mock/200_empty',
    'sends nothing',
    (outcome) => expect(outcome).toMatchObject({ status: 200, text: '', error: null }),
  ],
  ['mock/200_json_error', 'sends an error as 200', (outcome) => expectError(outcome, 200, /error/i)],
  [
    'mock/200_sse_error_first',
    'sends an error as the first event',
    (outcome) => {
      expect(outcome.status).toBe(200);
      expect(jsonsOf(outcome)).toHaveLength(1);
      expect(at(jsonsOf(outcome)[0], 'error', 'message')).toBeTruthy();
    },
  ],
  [
    'mock/accept_then_close',
    'closes without a word',
    (outcome) => expect(outcome).toMatchObject({ status: null, error: 'UND_ERR_SOCKET' }),
  ],
  ['mock/no_headers', 'never answers', (outcome) => expect(outcome).toMatchObject({ status: null, hung: true })],
  ['mock/slow_body_read:20', 'answers well after a slow read', expectGood],
  [
    'mock/bad_status_line',
    'is no HTTP',
    (outcome) => expect(outcome).toMatchObject({ status: null, error: 'HTTPParserError' }),
  ],
  [
    'mock/header_flood',
    'drowns the client in headers',
    (outcome) => expect(outcome).toMatchObject({ status: null, error: 'UND_ERR_HEADERS_OVERFLOW' }),
  ],
  ['mock/1xx_flood:1500', 'answers well behind many interim answers', expectGood],
  [
    'mock/gzip_bomb:2',
    'unpacks to megabytes',
    (outcome) => {
      expect(outcome.headers['content-encoding']).toBe('gzip');
      expect(outcome.bytes.length).toBeLessThan(20_000);
      expect(gunzipSync(outcome.bytes).length).toBeGreaterThan(2_000_000);
    },
  ],
  [
    'mock/gzip_layers:3',
    'is packed three times',
    (outcome) => {
      expect(outcome.headers['content-encoding']).toBe('gzip, gzip, gzip');
      const text = gunzipSync(gunzipSync(gunzipSync(outcome.bytes))).toString();
      expectGood({ ...outcome, text });
    },
  ],
  ['mock/extra_response', 'answers well', expectGood],
  [
    'mock/rst:3',
    'resets after three pieces',
    (outcome) => {
      expectBroken(outcome);
      expect(['ECONNRESET', 'UND_ERR_SOCKET']).toContain(outcome.error);
    },
  ],
  [
    'mock/stall:3',
    'falls silent after three pieces',
    (outcome) => {
      expectBroken(outcome);
      expect(outcome.hung).toBe(true);
    },
  ],
  [
    'mock/chunk_cut:3',
    'ends in the middle of a chunk',
    (outcome) => {
      expect(outcome).toMatchObject({ status: 200, error: 'UND_ERR_SOCKET' });
      expect(outcome.headers['transfer-encoding']).toBe('chunked');
    },
  ],
  [
    'mock/close_delimited_cut:3',
    'ends early and cleanly',
    (outcome) => {
      expectBroken(outcome);
      expect(outcome).toMatchObject({ error: null, hung: false });
      expect(outcome.headers['content-length']).toBeUndefined();
    },
  ],
  [
    'mock/cl_short:3',
    'sends less than it promised',
    (outcome) => {
      expect(outcome).toMatchObject({ status: 200, error: 'UND_ERR_SOCKET' });
      expect(Number(outcome.headers['content-length'])).toBeGreaterThan(outcome.bytes.length);
    },
  ],
  [
    'mock/sse_no_terminator',
    'ends cleanly without its terminator',
    (outcome) => {
      expectBroken(outcome);
      expect(outcome).toMatchObject({ error: null, hung: false });
    },
  ],
  [
    'mock/trickle:1000',
    'sends byte by byte',
    (outcome) => {
      expect(outcome).toMatchObject({ status: 200, hung: true });
      expect(outcome.bytes.length).toBe(1);
    },
  ],
  [
    'mock/pings_forever:5000',
    'sends signs of life and nothing else',
    (outcome) => {
      expect(outcome).toMatchObject({ status: 200, hung: true });
      if (outcome.stream) expect(contentOf(outcome)).toBe('');
      else expect(outcome.text).toBe(' ');
    },
  ],
  [
    'mock/infinite',
    'never stops',
    (outcome) => {
      expect(outcome).toMatchObject({ status: 200, hung: true });
      expect(outcome.bytes.length).toBeGreaterThan(READ_AT_MOST);
    },
  ],
  [
    'mock/huge_event:1',
    'has one line of a megabyte',
    (outcome) => {
      expectGood(outcome);
      expect(Math.max(...outcome.text.split('\n').map((line) => line.length))).toBeGreaterThan(1024 * 1024);
    },
  ],
  [
    'mock/no_newline:1',
    'has a line without an end',
    (outcome) => {
      expect(outcome).toMatchObject({ status: 200, error: null });
      expect(outcome.text.endsWith('x'.repeat(1_000_000))).toBe(true);
    },
  ],
  [
    'mock/split_utf8',
    'has characters of several bytes, whole once read',
    (outcome) => {
      expectGood(outcome);
      expect(contentOf(outcome)).toContain('🚂 fährt über die Weiche – 列車が出発します');
    },
  ],
  [
    'mock/crlf_mix',
    'mixes line ends',
    (outcome) => {
      expectGood(outcome);
      if (!outcome.stream) return;
      for (const lineEnd of [/[^\r]\n/, /\r[^\n]/, /\r\n/, /: comment/]) expect(outcome.text).toMatch(lineEnd);
    },
  ],
  [
    'mock/bad_json:3',
    'has an event, or a body, that is no JSON',
    (outcome) => {
      expect(outcome).toMatchObject({ status: 200, error: null });
      expect(() => jsonsOf(outcome)).toThrow(SyntaxError);
      if (outcome.stream) expect(isWhole(outcome)).toBe(true);
    },
  ],
  [
    'mock/unknown_event',
    'has events and fields of the future',
    (outcome) => {
      expectGood(outcome);
      expect(outcome.text).toContain('future_');
    },
  ],
  [
    'mock/order_broken',
    'has content before the start and after the stop',
    (outcome) => {
      expectGood(outcome);
      if (outcome.stream) expect(contentOf(outcome)).toMatch(/^stray .*stray $/);
    },
  ],
  [
    'mock/double_start',
    'starts twice',
    (outcome) => {
      expectGood(outcome);
      if (outcome.stream) expect(outcome.text.match(/"role":"assistant"/g)).toHaveLength(2);
    },
  ],
  [
    'mock/error_event:3:529',
    'ends with an error',
    (outcome) => {
      if (!outcome.stream) {
        expectError(outcome, 529, /./);
        return;
      }
      expectBroken(outcome);
      expect(outcome.error).toBeNull();
      expect(at(jsonsOf(outcome).at(-1), 'error', 'message')).toBeTruthy();
    },
  ],
  [
    'mock/usage_missing',
    'has no usage',
    (outcome) => {
      expectGood(outcome);
      expect(usagesOf(outcome)).toEqual([]);
    },
  ],
  ['mock/usage_negative', 'counts below zero', (outcome) => expectUsage(outcome, (count) => Number(count) < 0)],
  ['mock/usage_nan', 'counts not-a-numbers', (outcome) => expectUsage(outcome, (count) => count === null)],
  ['mock/usage_huge', 'counts absurdly', (outcome) => expectUsage(outcome, (count) => Number(count) > 1e15)],
  ['mock/usage_string', 'counts in texts', (outcome) => expectUsage(outcome, (count) => typeof count === 'string')],
  ['mock/usage_zero', 'counts nothing', (outcome) => expectUsage(outcome, (count) => count === 0)],
  [
    'mock/usage_decreasing',
    'counts down',
    (outcome) => {
      expectGood(outcome);
      if (!outcome.stream) return;
      const [first, second] = usagesOf(outcome).map((usage) => Number(outputTokensOf(usage)));
      expect(first).toBeGreaterThan(Number(second));
    },
  ],
];

function expectUsage(outcome: Outcome, fits: (count: unknown) => boolean): void {
  expectGood(outcome);
  const usages = usagesOf(outcome);
  expect(usages.length).toBeGreaterThan(0);
  for (const usage of usages) expect(fits(outputTokensOf(usage))).toBe(true);
}

describe.each(WAYS)('to a client of $dialect, stream: $stream,', (way) => {
  it.each(ROWS)('%s %s', async (model, _promise, check) => {
    check(await ask(way, model));
    expect(simulator.requests[0]).toMatchObject({ fault: model.slice('mock/'.length) });
  });
});

it('every fault has its row', () => {
  const rows = ROWS.map(([model]) => model.slice('mock/'.length).split(':')[0]);
  expect([...rows].sort()).toEqual([...FAULT_NAMES].sort());
});

describe('where a stream is cut', () => {
  const way: Way = { dialect: 'anthropic', stream: true };

  it('is after that many content events', async () => {
    for (const count of [1, 2, 5]) {
      const outcome = await ask(way, `mock/close_delimited_cut:${count}`);
      expect(jsonsOf(outcome).filter((json) => at(json, 'type') === 'content_block_delta')).toHaveLength(count);
    }
  });

  it('is before any content but after the opening for 0', async () => {
    const outcome = await ask(way, 'mock/close_delimited_cut:0');
    expect(jsonsOf(outcome).map((json) => at(json, 'type'))).toEqual(['message_start', 'content_block_start', 'ping']);
  });

  it('is right behind the head without a number', async () => {
    expect(await ask(way, 'mock/close_delimited_cut')).toMatchObject({ status: 200, text: '' });
  });

  it('leaves out the end even when the number is too large', async () => {
    expect(isWhole(await ask(way, 'mock/close_delimited_cut:100000'))).toBe(false);
  });

  it('can be just before the terminator', async () => {
    const outcome = await ask(way, 'mock/sse_no_terminator:last');
    expect(at(jsonsOf(outcome).at(-1), 'type')).toBe('message_delta');
  });
});

describe('a fault is chosen', () => {
  const way: Way = { dialect: 'openai', stream: false };

  it('by a suffix of any model', async () => {
    expect((await ask(way, 'acme-m1+status:502')).status).toBe(502);
  });

  it('not by a plus sign that belongs to the name', async () => {
    for (const model of ['command-r+', 'a+b', 'a+constructor']) expectGood(await ask(way, model));
  });

  it('by the header, attempt by attempt', async () => {
    const headers = { 'x-mock-plan': 'status:503, status:429:1, ok' };
    const statuses = [];
    for (const model of ['a', 'b', 'c', 'd']) statuses.push((await ask(way, model, {}, headers)).status);
    expect(statuses).toEqual([503, 429, 200, 200]);
  });

  it('by the header, provider by provider', async () => {
    const headers = { 'x-mock-plan': 'groq=status:503, anthropic=status:529' };
    expect((await ask(way, 'a', {}, headers)).status).toBe(503);
    expect((await ask({ dialect: 'anthropic', stream: false }, 'a', {}, headers)).status).toBe(529);
    expect((await ask(way, 'a', {}, { 'x-mock-plan': 'together=status:503' })).status).toBe(200);
  });

  it('by what its provider does wrong, until it is healed', async () => {
    simulator.setFaults('groq', [{ fault: 'status:500' }]);
    expect((await ask(way, 'a')).status).toBe(500);
    expectGood(await ask({ dialect: 'anthropic', stream: false }, 'a'));
    simulator.setFaults('groq', []);
    expectGood(await ask(way, 'a'));
  });

  it('at a rate, the same every time for the same seed', async () => {
    const statuses = async (): Promise<unknown[]> => {
      simulator.setFaults('groq', [{ fault: 'status:500', rate: 0.5 }]);
      const seen = [];
      for (let index = 0; index < 30; index += 1) seen.push((await ask(way, 'a')).status);
      simulator.clear();
      return seen;
    };
    const first = await statuses();
    expect(new Set(first)).toEqual(new Set([200, 500]));
    expect(await statuses()).toEqual(first);
  });

  it('not when it is misspelt: that is a 400 with the names', async () => {
    expectError(await ask(way, 'mock/statsu:503'), 400, /unknown fault 'statsu'; known are ok, /);
    expect(() => simulator.setFaults('groq', [{ fault: 'stal' }])).toThrow('unknown fault');
  });
});

it('slow_body_read stops reading: a large request does not get through', async () => {
  const filler = 'x'.repeat(8_000_000);
  const client = new AbortController();
  const way: Way = { dialect: 'openai', stream: false };
  const sent = request(`${simulator.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify(bodyFor(way, 'mock/slow_body_read', { messages: [{ role: 'user', content: filler }] })),
    dispatcher: agent,
    signal: client.signal,
  });
  const arrived = await simulator.waitFor(() => true);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(arrived).toMatchObject({ bodyText: '', model: null, status: null });
  client.abort();
  await expect(sent).rejects.toThrow();
});

it('extra_response puts a stranger on the connection', async () => {
  const { connect } = await import('node:net');
  const body = JSON.stringify({ model: 'mock/extra_response', messages: [{ role: 'user', content: 'hi' }] });
  const socket = connect(simulator.port, '127.0.0.1');
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  let seen = '';
  for await (const chunk of socket) {
    seen += String(chunk);
    if (seen.includes('stranger')) break;
  }
  expect(seen.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
});

describe('the official SDKs', () => {
  const tools = {
    city: { type: 'object' as const, properties: { city: { type: 'string' }, days: { type: 'integer' } } },
  };

  it.each(['unknown_event', 'crlf_mix', 'split_utf8', 'tool_args_split', 'order_broken'])(
    'read %s through',
    async (mode) => {
      const openai = new OpenAI({ apiKey: SECRET, baseURL: `${simulator.url}/v1`, maxRetries: 0 });
      const completion = await openai.chat.completions
        .stream({
          model: `mock/${mode}`,
          messages: [{ role: 'user', content: 'hi' }],
          tools: [{ type: 'function', function: { name: 'weather', parameters: tools.city } }],
          tool_choice: mode === 'tool_args_split' ? 'auto' : 'none',
        })
        .finalChatCompletion();
      const [choice] = completion.choices;
      if (mode !== 'tool_args_split') {
        expect(choice?.message.content).toBeTruthy();
        return;
      }
      const [call] = choice?.message.tool_calls ?? [];
      expect(call).toMatchObject({ function: { name: 'weather' } });
      expect(JSON.parse(String(at(call, 'function', 'arguments')))).toEqual({ city: 'simulated city', days: 1 });
    },
  );

  it.each(['unknown_event', 'crlf_mix', 'split_utf8', 'tool_args_split'])(
    'of Anthropic reads %s through',
    async (mode) => {
      const anthropic = new Anthropic({ apiKey: SECRET, baseURL: simulator.url, maxRetries: 0 });
      const message = await anthropic.messages
        .stream({
          model: `mock/${mode}`,
          max_tokens: 200,
          messages: [{ role: 'user', content: 'hi' }],
          tools: [{ name: 'weather', input_schema: tools.city }],
          tool_choice: { type: mode === 'tool_args_split' ? 'auto' : 'none' },
        })
        .finalMessage();
      const [block] = message.content;
      if (mode !== 'tool_args_split') {
        expect(block).toMatchObject({ type: 'text' });
        return;
      }
      expect(block).toMatchObject({ type: 'tool_use', input: { city: 'simulated city', days: 1 } });
    },
  );
});
