import Anthropic from '@anthropic-ai/sdk';
import { connect } from 'node:net';
import OpenAI from 'openai';
import { startSimulator, type RunningSimulator, type SimulatorOptions } from './index.js';

const question = { model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'What is a switchyard?' }] };
const running: RunningSimulator[] = [];

async function start(options: SimulatorOptions = {}): Promise<RunningSimulator> {
  const simulator = await startSimulator(options);
  running.push(simulator);
  return simulator;
}

function post(simulator: RunningSimulator, path: string, body: unknown, init: RequestInit = {}): Promise<Response> {
  return fetch(simulator.url + path, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...init.headers },
    ...(init.signal === undefined ? {} : { signal: init.signal }),
  });
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.close()));
});

describe('an answer', () => {
  it.each(['/v1/messages', '/v1/chat/completions'])(
    'to %s is the same for the same seed and body, and another for another',
    async (path) => {
      const seeds = [7, 7, 8];
      const simulators = await Promise.all(seeds.map((seed) => start({ seed })));
      const [one, same, other] = await Promise.all(
        simulators.map(async (simulator) => (await post(simulator, path, question)).text()),
      );
      expect(same).toBe(one);
      expect(other).not.toBe(one);
      const elsewhere = await (
        await post(simulators[0]!, path, { ...question, messages: [{ role: 'user', content: 'Hm?' }] })
      ).text();
      expect(elsewhere).not.toBe(one);
    },
  );

  it('says that it is simulated when told to, in text and before tool calls', async () => {
    const simulator = await start({ simulatedNotice: true });
    const tools = [{ name: 'f', input_schema: { type: 'object' } }];
    for (const body of [question, { ...question, tools }, { ...question, stream: true }]) {
      expect(await (await post(simulator, '/v1/messages', body)).text()).toMatch(/simulator/);
    }
  });

  it('carries the headers of the vendor', async () => {
    const simulator = await start();
    const claude = await post(simulator, '/v1/messages', question);
    expect(claude.headers.get('request-id')).toBe(simulator.requests[0]?.id);
    expect(claude.headers.get('anthropic-ratelimit-requests-limit')).toBe('50');
    const chat = await post(simulator, '/v1/chat/completions', { ...question, stream: true });
    expect(chat.headers.get('x-request-id')).toBe(simulator.requests[1]?.id);
    expect(chat.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  });
});

describe('paths', () => {
  it.each([
    ['/v1/chat/completions', null, 'openai-chat'],
    ['/chat/completions', null, 'openai-chat'],
    ['/deepinfra/v1/openai/chat/completions', 'deepinfra', 'openai-chat'],
    ['/groq/openai/v1/chat/completions', 'groq', 'openai-chat'],
    ['/anthropic/v1/messages', 'anthropic', 'anthropic-messages'],
    ['/v1/messages?beta=true', null, 'anthropic-messages'],
  ])('%s plays %s in %s', async (path, provider, dialect) => {
    const simulator = await start();
    expect((await post(simulator, path, question)).status).toBe(200);
    expect(simulator.requests[0]).toMatchObject({ provider, dialect });
  });

  it('of nobody are a 404', async () => {
    const simulator = await start();
    expect((await post(simulator, '/v1/nothing', question)).status).toBe(404);
    expect((await fetch(`${simulator.url}/v1/messages`)).status).toBe(404);
    expect((await fetch(`${simulator.url}/healthz`)).status).toBe(200);
  });

  it('of the model list answer in the shape of the client', async () => {
    const simulator = await start();
    const claude = await new Anthropic({ apiKey: 'k', baseURL: simulator.url }).models.list();
    expect(claude.data[0]).toMatchObject({ type: 'model', display_name: expect.any(String) });
    const chat = await new OpenAI({ apiKey: 'k', baseURL: `${simulator.url}/v1` }).models.list();
    expect(chat.data[0]).toMatchObject({ object: 'model' });
  });

  it('may be overruled by a header that names the provider', async () => {
    const simulator = await start();
    await post(simulator, '/a/v1/messages', question, { headers: { 'x-simulated-provider': 'b' } });
    expect(simulator.requests[0]?.provider).toBe('b');
  });
});

describe('a request that cannot be read', () => {
  it.each(['{', '[]', '"x"', ''])('%j is a 400', async (body) => {
    const simulator = await start();
    const claude = await post(simulator, '/v1/messages', body);
    expect(claude.status).toBe(400);
    expect(await claude.json()).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error' },
      request_id: 'req_sim000000001',
    });
    const chat = await post(simulator, '/v1/chat/completions', body);
    expect(await chat.json()).toMatchObject({ error: { type: 'invalid_request_error', param: null, code: null } });
  });
});

describe('a key', () => {
  it('is asked for when one is expected', async () => {
    const simulator = await start({ expectedApiKey: 'sk-right' });
    const statuses = async (path: string, headers: Record<string, string>): Promise<number> =>
      (await post(simulator, path, question, { headers })).status;
    for (const path of ['/v1/messages', '/v1/chat/completions']) {
      expect(await statuses(path, { authorization: 'Bearer sk-right' })).toBe(200);
      expect(await statuses(path, { authorization: 'Bearer sk-wrong' })).toBe(401);
      expect(await statuses(path, {})).toBe(401);
    }
    expect(await statuses('/v1/messages', { 'x-api-key': 'sk-right' })).toBe(200);
    expect(await statuses('/v1/chat/completions', { 'x-api-key': 'sk-right' })).toBe(401);
  });
});

describe('the record', () => {
  it('tells a finished request from one whose client went', async () => {
    const simulator = await start();
    await (await post(simulator, '/v1/messages', { ...question, stream: true })).text();
    const finished = await simulator.waitFor((request) => request.finishedMs !== null);
    expect(finished).toMatchObject({ aborted: false, abortedMs: null });
    expect(finished.eventsWritten).toBeGreaterThan(5);
    expect(finished.bytesWritten).toBeGreaterThan(500);
    expect(finished.finishedMs).toBeGreaterThanOrEqual(finished.startedMs);

    const client = new AbortController();
    const body = { ...question, model: 'mock/stall:2', stream: true };
    const answer = await post(simulator, '/v1/messages', body, { signal: client.signal });
    await answer.body?.getReader().read();
    client.abort();
    const aborted = await simulator.waitFor((request) => request.aborted);
    expect(aborted).toMatchObject({ model: 'mock/stall:2', fault: 'stall:2', finishedMs: null });
    expect(aborted.abortedMs).toBeGreaterThanOrEqual(aborted.startedMs);
  });

  it('does not take its own broken answers for the client leaving', async () => {
    const simulator = await start();
    const body = { ...question, model: 'mock/rst:2', stream: true };
    await expect(post(simulator, '/v1/messages', body).then((answer) => answer.text())).rejects.toThrow();
    const broken = await simulator.waitFor((request) => request.finishedMs !== null);
    expect(broken.aborted).toBe(false);
  });

  it('is cleared on demand', async () => {
    const simulator = await start();
    await post(simulator, '/v1/messages', question);
    expect(simulator.requests).toHaveLength(1);
    simulator.clear();
    expect(simulator.requests).toEqual([]);
  });

  it('says what was recorded when the wanted request does not come', async () => {
    const simulator = await start();
    await expect(simulator.waitFor(() => true, 1)).rejects.toThrow('recorded: nothing');
    await post(simulator, '/v1/messages', question);
    await expect(simulator.waitFor(() => false, 1)).rejects.toThrow('POST /v1/messages m 200');
  });
});

describe('the pace', () => {
  it('is kept between head and end', async () => {
    const simulator = await start({ tokensPerSecond: 500, timeToFirstTokenMs: 60 });
    const startMs = performance.now();
    const answer = await post(simulator, '/v1/messages', { ...question, stream: true });
    const headMs = performance.now() - startMs;
    await answer.text();
    expect(performance.now() - startMs).toBeGreaterThan(60 + headMs / 2);
  });

  it('waits for a reader that does not read', async () => {
    const simulator = await start();
    const socket = connect(simulator.port, '127.0.0.1').pause();
    const body = JSON.stringify({ ...question, model: 'mock/big:64', stream: true });
    socket.write(`POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    const record = await simulator.waitFor((request) => request.bytesWritten > 100_000);
    let before = -1;
    while (before !== record.bytesWritten) {
      before = record.bytesWritten;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(record.bytesWritten).toBeLessThan(32 * 1024 * 1024);
    socket.destroy();
    expect(await simulator.waitFor((request) => request.aborted)).toBe(record);
  });
});

describe('the bench model', () => {
  it('answers a constant of about 620 bytes in either dialect, and leaves no record', async () => {
    const simulator = await start();
    for (const path of ['/v1/messages', '/x/v1/chat/completions']) {
      const answer = await post(simulator, path, { ...question, model: 'bench', stream: false });
      expect(Math.abs((await answer.text()).length - 620)).toBeLessThan(10);
    }
    expect(simulator.requests).toEqual([]);
  });

  it('streams as many chunks as ordered, and the SDKs read them', async () => {
    const simulator = await start();
    const messages = [{ role: 'user' as const, content: 'hi' }];
    const claude = await new Anthropic({ apiKey: 'k', baseURL: simulator.url }).messages
      .stream({ model: 'bench:50', max_tokens: 10, messages })
      .finalMessage();
    expect(claude).toMatchObject({ content: [{ text: 'wagon '.repeat(50) }], usage: { output_tokens: 50 } });
    const chat = await new OpenAI({ apiKey: 'k', baseURL: `${simulator.url}/v1` }).chat.completions
      .stream({ model: 'acme/bench:20:1', messages, stream_options: { include_usage: true } })
      .finalChatCompletion();
    expect(chat).toMatchObject({
      choices: [{ message: { content: 'wagon '.repeat(20) } }],
      usage: { completion_tokens: 20 },
    });
  });

  it('is not meant by a prompt that names it', async () => {
    const simulator = await start();
    const messages = [{ role: 'user', content: 'What does "model":"bench" mean?' }];
    await post(simulator, '/v1/messages', { ...question, messages });
    expect(simulator.requests).toHaveLength(1);
  });
});

it('stops with requests under way', async () => {
  const simulator = await startSimulator();
  const hanging = post(simulator, '/v1/messages', { ...question, model: 'mock/no_headers' });
  const lost = expect(hanging).rejects.toThrow();
  await simulator.waitFor((request) => request.fault === 'no_headers');
  await simulator.close();
  await lost;
});
