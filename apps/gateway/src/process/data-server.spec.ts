import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { startSimulator } from '../../../simulator/src/index.js';
import type { RunningSimulator } from '../../../simulator/src/index.js';
import type { LedgerReader } from '../control/ledger-reader.js';
import { loadConfig } from '../config/load-config.js';
import { RuntimeState, loadedFrom } from '../control/runtime-state.js';
import { DataServer } from './data-server.js';
import { closeServices, openServices } from './open-services.js';
import { ProcessLog } from './process-log.js';
import type { ProcessServices } from './process-services.js';

const KEY = 'sk-switchyard-drain-0123456789';
const NO_LEDGER = {} as LedgerReader;

/** A data server that is handed its connections, as a worker is, by a listener of the same process. */
interface Rig {
  readonly server: DataServer;
  readonly port: number;
  /** Ends of connections. */
  readonly closed: () => number;
  stop(): Promise<void>;
}

let simulator: RunningSimulator;
let folder: string;
const rigs: Rig[] = [];
const agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  simulator = await startSimulator();
  folder = mkdtempSync(join(tmpdir(), 'switchyard-data-server-'));
});
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.stop();
});
afterAll(async () => {
  agent.destroy();
  await simulator.close();
  rmSync(folder, { recursive: true });
});

async function start(timeouts = ''): Promise<Rig> {
  const text = `
data_dir: ${folder}
log: { level: silent }
catalog: { builtin: false }
keys: [{ id: a, key: ${KEY} }]
timeouts: { ${timeouts} }
providers: [{ id: lab, dialect: openai-chat, base_url: "${simulator.url}/lab/v1", needs_credential: false }]
models: [{ id: acme/slow, endpoints: [{ provider: lab, upstream_model: "mock/tps:20", price: { prompt: 1, completion: 1 } }] }]
`;
  const { config } = loadConfig({ path: null, text, environment: {} });
  const log = new ProcessLog('silent', 'test');
  const services: ProcessServices = await openServices(config, log, NO_LEDGER);
  let closed = 0;
  const server = await DataServer.create(new RuntimeState(loadedFrom(config)), log, services, () => (closed += 1));
  const desk: Server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    server.adopt(socket);
    socket.resume();
  });
  server.serve();
  await new Promise<void>((resolve) => desk.listen(0, '127.0.0.1', resolve));
  const rig = {
    server,
    port: (desk.address() as AddressInfo).port,
    closed: () => closed,
    stop: async () => {
      desk.close();
      await server.drain({ graceMs: 0, keepsIdle: false });
      await closeServices(services);
    },
  };
  rigs.push(rig);
  return rig;
}

interface Answer {
  readonly status: number;
  readonly connection: string | undefined;
  readonly text: Promise<string>;
}

/** Resolves with the head of the answer. */
function send({ port }: Rig, path: string, body: object | null = null): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
    const sent = request({ port, path, agent, method: body === null ? 'GET' : 'POST', headers });
    sent.on('response', (answer: IncomingMessage) => {
      const text = answer.setEncoding('utf8').reduce((sum: string, part: string) => sum + part, '');
      text.catch(() => undefined);
      resolve({ status: answer.statusCode ?? 0, connection: answer.headers.connection, text });
    });
    sent.on('error', reject);
    sent.end(body === null ? undefined : JSON.stringify(body));
  });
}

function slowly(words: number, stream: boolean): object {
  return {
    model: 'acme/slow',
    stream,
    max_tokens: 1_000,
    messages: [{ role: 'user', content: `Please answer in ${String(words)} words.` }],
  };
}

async function openSocket({ port }: Rig): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

describe('the data port of a process that is handed its connections', () => {
  it('serves on kept connections and counts their ends', async () => {
    const rig = await start();
    expect((await send(rig, '/healthz')).status).toBe(200);
    expect((await send(rig, '/readyz')).status).toBe(200);
    agent.destroy();
    await until(() => rig.closed() > 0);
  });

  it('ends a connection whose head does not arrive in time, as a listening server does', async () => {
    const rig = await start('client_headers_s: 0.5');
    const socket = await openSocket(rig);
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.write('GET /healthz HTTP/1.1\r\n');
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
  });

  it('says that it is not ready while it leaves, and serves all the same', async () => {
    const rig = await start();
    rig.server.leave();
    const ready = await send(rig, '/readyz');
    expect([ready.status, await ready.text]).toEqual([503, '{"status":"draining"}']);
    const answer = await send(rig, '/v1/chat/completions', slowly(20, false));
    expect(answer.status).toBe(200);
    expect(answer.connection).not.toBe('close');
  });
});

describe('a drain', () => {
  it('closes idle connections at once and lets a stream end', async () => {
    const rig = await start();
    const idle = await openSocket(rig);
    idle.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(idle, 'data');
    const stream = await send(rig, '/v1/chat/completions', slowly(20, true));
    const drained = rig.server.drain({ graceMs: 20_000, keepsIdle: false });
    await once(idle, 'close');
    expect(await stream.text).toContain('data: [DONE]');
    await drained;
  });

  it('keeps idle connections for one more request where it was asked to, and closes them with its answer', async () => {
    const rig = await start();
    const idle = await openSocket(rig);
    idle.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(idle, 'data');
    const drained = rig.server.drain({ graceMs: 20_000, keepsIdle: true });
    await new Promise((resolve) => setTimeout(resolve, 300));
    idle.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    const [answer] = (await once(idle, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 200 [^]*connection: close/i);
    await drained;
  });

  it('tells what still runs in the end that it is overloaded: in the stream, or as the answer', async () => {
    const rig = await start();
    const stream = await send(rig, '/v1/chat/completions', slowly(500, true));
    const whole = send(rig, '/v1/messages', slowly(500, false));
    await until(() => simulator.requests.length >= 2);
    const drained = rig.server.drain({ graceMs: 300, keepsIdle: false });
    const text = await stream.text;
    expect(text).toContain('"code":"overloaded"');
    expect(text).not.toContain('[DONE]');
    const refused = await whole;
    expect([refused.status, refused.connection]).toEqual([529, 'close']);
    expect(await refused.text).toContain('"overloaded_error"');
    await drained;
  });

  it('that is asked for again comes sooner, never later', async () => {
    const rig = await start();
    const stream = await send(rig, '/v1/chat/completions', slowly(500, true));
    const drained = rig.server.drain({ graceMs: 60_000, keepsIdle: true });
    void rig.server.drain({ graceMs: 0, keepsIdle: false });
    void rig.server.drain({ graceMs: 90_000, keepsIdle: false });
    expect(await stream.text).toContain('"code":"overloaded"');
    await drained;
  });
});

async function until(holds: () => boolean): Promise<void> {
  for (const endMs = performance.now() + 10_000; performance.now() < endMs;) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('what was waited for did not happen');
}
