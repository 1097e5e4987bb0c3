import type { UpstreamFailure } from '@switchyard/contract';
import type { UpstreamError } from '@switchyard/contract';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { Transport, type TransportOptions } from './transport.js';
import type { UpstreamCall, UpstreamHandler, UpstreamHeaders, UpstreamRequest } from './upstream.js';

const SECRET = 'sk-upstream-secret';

/** Notes what a handler is told and checks the order of it: nothing after the end, data only after headers. */
class Recorder implements UpstreamHandler {
  status: number | null = null;
  headers: UpstreamHeaders = {};
  readonly chunks: Buffer[] = [];
  bytes = 0;
  outcome: 'end' | UpstreamFailure | null = null;
  readonly finished: Promise<void>;
  onChunk: (chunk: Buffer) => void = () => undefined;
  private finish: () => void = () => undefined;

  constructor(private readonly keep = true) {
    this.finished = new Promise((resolve) => {
      this.finish = resolve;
    });
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }

  onHeaders(status: number, headers: UpstreamHeaders): void {
    expect(this.outcome).toBeNull();
    expect(this.status).toBeNull();
    this.status = status;
    this.headers = headers;
  }

  onData(chunk: Buffer): void {
    expect(this.outcome).toBeNull();
    expect(this.status).not.toBeNull();
    this.bytes += chunk.length;
    if (this.keep) this.chunks.push(chunk);
    this.onChunk(chunk);
  }

  onEnd(): void {
    expect(this.outcome).toBeNull();
    this.outcome = 'end';
    this.finish();
  }

  onError(error: UpstreamError): void {
    expect(this.outcome).toBeNull();
    expect(error.message).not.toMatch(/127\.0\.0\.1|localhost|:\d{4,5}|sk-|undici|ECONN|ERR_/);
    this.outcome = error.failure;
    this.finish();
  }
}

const cleanUp: (() => unknown)[] = [];
const faults: unknown[] = [];

afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
  expect(faults.splice(0)).toEqual([]);
});

function transport(options: TransportOptions = {}): Transport {
  const made = new Transport({ onFault: (error) => faults.push(error), ...options });
  cleanUp.push(() => made.close());
  return made;
}

async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUp.push(() => new Promise((resolve) => server.close(resolve)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function httpServer(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  const origin = await listen(server);
  cleanUp.push(() => {
    server.closeAllConnections();
  });
  return origin;
}

/** A server of raw bytes, for what no proper one does. `answer` is called with the n-th request of each connection. */
async function rawServer(answer: (socket: Socket, request: number) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    let requests = 0;
    socket.on('error', () => undefined);
    socket.on('data', () => {
      answer(socket, requests++);
    });
  });
  const origin = await listen(server);
  cleanUp.push(() => {
    for (const socket of sockets) socket.destroy();
  });
  return origin;
}

function request(origin: string, changes: Partial<UpstreamRequest> = {}): UpstreamRequest {
  return {
    origin,
    path: '/v1/messages',
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': SECRET },
    body: Buffer.from('{"model":"m"}'),
    connectTimeoutMs: 5_000,
    headersTimeoutMs: 5_000,
    maxBodyBytes: 1024 * 1024,
    guard: null,
    ...changes,
  };
}

async function exchange(over: Transport, upstream: UpstreamRequest): Promise<Recorder & { call: UpstreamCall }> {
  const recorder = new Recorder();
  const call = over.send(upstream, recorder);
  expect(recorder.outcome).toBeNull();
  await recorder.finished;
  // undici frees a connection a turn of the event loop after the end of the answer.
  await new Promise((resolve) => setImmediate(resolve));
  return Object.assign(recorder, { call });
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe('an exchange', () => {
  it.each(['{"a":"é"}', Buffer.from('{"a":"é"}')])(
    'carries method, path, headers and body, and the answer back',
    async (body) => {
      const seen: unknown[] = [];
      const origin = await httpServer((incoming, response) => {
        void bodyOf(incoming).then((text) => {
          seen.push(
            incoming.method,
            incoming.url,
            incoming.headers['x-api-key'],
            incoming.headers['content-length'],
            text,
          );
          response.writeHead(201, { 'content-type': 'application/json', 'x-repeated': ['a', 'b'], 'Request-ID': 'r1' });
          response.end('{"ok":true}');
        });
      });
      const answer = await exchange(transport(), request(origin, { path: '/v1/x?beta=true', body }));

      expect(seen).toEqual(['POST', '/v1/x?beta=true', SECRET, '10', '{"a":"é"}']);
      expect(answer).toMatchObject({ status: 201, text: '{"ok":true}', outcome: 'end' });
      expect(answer.headers).toMatchObject({
        'content-type': 'application/json',
        'x-repeated': 'a, b',
        'request-id': 'r1',
      });
      expect(answer.call.bodySent).toBe(true);
    },
  );

  it.each([{}, { 'accept-encoding': 'gzip' }, { 'accept-encoding': 'identity' }])(
    'asks for an uncoded answer, given %j',
    async (headers) => {
      const origin = await httpServer((incoming, response) => response.end(incoming.headers['accept-encoding']));
      expect(await exchange(transport(), request(origin, { headers }))).toMatchObject({ text: 'identity' });
    },
  );

  it('hands over each piece as it arrives', async () => {
    const origin = await httpServer((_incoming, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
      proceed = () => response.end('data: 2\n\n');
    });
    let proceed: () => void = () => undefined;
    const recorder = new Recorder();
    const seen: string[] = [];
    recorder.onChunk = (chunk) => {
      seen.push(chunk.toString());
      if (seen.length === 1) proceed();
    };
    transport().send(request(origin), recorder);
    await recorder.finished;

    expect(seen).toEqual(['data: 1\n\n', 'data: 2\n\n']);
  });

  it.each([301, 302, 307, 308])('reports a redirect (%i) and does not follow it', async (status) => {
    const urls: (string | undefined)[] = [];
    const origin = await httpServer((incoming, response) => {
      urls.push(incoming.url);
      response.writeHead(status, { location: '/elsewhere' }).end();
    });
    const answer = await exchange(transport(), request(origin));

    expect(answer).toMatchObject({ status, outcome: 'end', headers: { location: '/elsewhere' } });
    expect(urls).toEqual(['/v1/messages']);
  });

  it.each([204, 400, 429, 500])('ends an answer of status %i like any other', async (status) => {
    const origin = await httpServer((_incoming, response) => response.writeHead(status).end());
    expect(await exchange(transport(), request(origin))).toMatchObject({ status, outcome: 'end', text: '' });
  });

  it('passes over interim answers', async () => {
    const origin = await httpServer((_incoming, response) => {
      response.writeEarlyHints({ link: '</x>; rel=preload' });
      response.writeProcessing();
      response.end('final');
    });
    expect(await exchange(transport(), request(origin))).toMatchObject({ status: 200, text: 'final' });
  });

  it('takes a body that ends with the connection', async () => {
    const origin = await rawServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nto the end'));
    expect(await exchange(transport(), request(origin))).toMatchObject({
      status: 200,
      text: 'to the end',
      outcome: 'end',
    });
  });
});

describe('connections', () => {
  const portOf: RequestListener = (incoming, response) => response.end(String(incoming.socket.remotePort));

  it('are used again for the same pool key and shared with no other', async () => {
    const origin = await httpServer(portOf);
    const over = transport();
    const ports: string[] = [];
    for (const poolKey of ['a', 'a', 'b', 'a', undefined]) {
      const answer = await exchange(over, request(origin, poolKey === undefined ? {} : { poolKey }));
      ports.push(answer.text);
    }
    const [first, second, other, third, none] = ports;
    expect([second, third]).toEqual([first, first]);
    expect(new Set([first, other, none]).size).toBe(3);
  });

  it('carry one request at a time', async () => {
    let open = 0;
    let most = 0;
    const origin = await httpServer((incoming, response) => {
      open++;
      most = Math.max(most, open);
      setTimeout(() => {
        open--;
        response.end(String(incoming.socket.remotePort));
      }, 50);
    });
    const over = transport();
    const answers = await Promise.all([1, 2, 3].map(() => exchange(over, request(origin))));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(3);
    expect(most).toBe(3);
  });

  it('are bounded in number; a request waits for one within its connect time-out', async () => {
    const held: (() => void)[] = [];
    const origin = await httpServer((incoming, response) =>
      held.push(() => response.end(`${incoming.url ?? ''} ${String(incoming.socket.remotePort)}`)),
    );
    const release = async (): Promise<void> => {
      while (held.length === 0) await new Promise((resolve) => setImmediate(resolve));
      held.shift()?.();
    };
    const over = transport({ maxConnections: 1 });
    const first = exchange(over, request(origin, { path: '/first' }));
    const waiting = exchange(over, request(origin, { path: '/waiting', connectTimeoutMs: 100 }));
    const patient = exchange(over, request(origin, { path: '/patient' }));

    expect((await waiting).outcome).toMatchObject({ class: 'connect' });
    expect((await waiting).call.bodySent).toBe(false);
    await release();
    await release();
    const port = (await first).text.replace('/first ', '');
    // The request given up while it waited costs the others neither a turn nor the connection.
    expect(await patient).toMatchObject({ text: `/patient ${port}` });
  });

  it('give an answer that nobody asked for to nobody', async () => {
    const answer = (text: string): string => `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
    const origin = await rawServer((socket, number) => {
      socket.write(answer(number === 0 ? 'first' : 'second'));
      if (number === 0) setTimeout(() => socket.write(answer('stray')), 20);
    });
    const over = transport();
    expect(await exchange(over, request(origin))).toMatchObject({ text: 'first' });
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect((await exchange(over, request(origin))).text).not.toBe('stray');
  });

  it('of pools nobody uses are closed when there are too many pools', async () => {
    const closed: number[] = [];
    const origin = await httpServer((incoming, response) => {
      const { remotePort } = incoming.socket;
      incoming.socket.once('close', () => closed.push(remotePort ?? 0));
      response.end(String(remotePort));
    });
    const over = transport({ maxPools: 2, keepAliveMs: 60_000 });
    const first = await exchange(over, request(origin, { poolKey: 'a' }));
    await exchange(over, request(origin, { poolKey: 'b' }));
    await exchange(over, request(origin, { poolKey: 'c' }));
    while (closed.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(closed).toEqual([Number(first.text)]);
  });
});

describe('back-pressure', () => {
  const CHUNK = Buffer.alloc(256 * 1024, 'x');
  const CHUNKS = 256;

  it('holds the upstream while paused, and loses nothing', async () => {
    let written = 0;
    let stalled: () => void = () => undefined;
    const origin = await httpServer((_incoming, response) => {
      const write = (): void => {
        while (written < CHUNKS) {
          written++;
          if (!response.write(CHUNK)) {
            response.once('drain', write);
            stalled();
            return;
          }
        }
        response.end();
      };
      write();
    });
    const recorder = new Recorder(false);
    const call = transport().send(request(origin, { maxBodyBytes: Infinity }), recorder);
    recorder.onChunk = () => {
      recorder.onChunk = () => undefined;
      call.pause();
    };
    await new Promise<void>((resolve) => {
      stalled = resolve;
    });
    let before = -1;
    while (before !== written) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    const takenWhilePaused = recorder.bytes;

    // What the system's own socket buffers take, not the process.
    expect(written).toBeLessThan(CHUNKS / 2);
    expect(takenWhilePaused).toBeLessThan(CHUNK.length);
    call.resume();
    await recorder.finished;
    expect(recorder).toMatchObject({ outcome: 'end', bytes: CHUNKS * CHUNK.length });
  });

  it('can be asked for before the connection is there', async () => {
    const origin = await httpServer((_incoming, response) => response.end('body'));
    const recorder = new Recorder();
    const call = transport().send(request(origin), recorder);
    call.pause();
    while (recorder.status === null) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(recorder.chunks).toEqual([]);
    call.resume();
    await recorder.finished;
    expect(recorder.text).toBe('body');
  });

  it('can be released from within the data of another exchange', async () => {
    const origin = await httpServer((incoming, response) => {
      response.write(`${incoming.url ?? ''} one`);
      setTimeout(() => response.end(' two'), 50);
    });
    const over = transport();
    const paused = new Recorder();
    const held = over.send(request(origin, { path: '/a' }), paused);
    paused.onChunk = () => {
      held.pause();
    };
    while (paused.bytes === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    paused.onChunk = () => undefined;
    const other = new Recorder();
    over.send(request(origin, { path: '/b' }), other);
    other.onChunk = () => {
      held.resume();
    };
    await Promise.all([paused.finished, other.finished]);
    expect([paused.text, other.text]).toEqual(['/a one two', '/b one two']);
  });

  it('takes pause and resume in one callback, in any order', async () => {
    const origin = await httpServer((_incoming, response) => {
      response.write('one');
      setTimeout(() => response.end('two'), 20);
    });
    const recorder = new Recorder();
    const call = transport().send(request(origin), recorder);
    recorder.onChunk = () => {
      call.pause();
      call.resume();
      call.pause();
      call.pause();
      call.resume();
    };
    await recorder.finished;
    expect(recorder.text).toBe('onetwo');
  });
});

describe('aborting', () => {
  it.each(['before the answer', 'in mid-stream', 'while paused'])(
    'closes the upstream connection at once %s',
    async (moment) => {
      let closed: () => void = () => undefined;
      const closing = new Promise<void>((resolve) => {
        closed = resolve;
      });
      let arrived: () => void = () => undefined;
      const arriving = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      const origin = await httpServer((incoming, response) => {
        incoming.socket.once('close', closed);
        if (moment === 'before the answer') arrived();
        else response.write('data: 1\n\n');
      });
      const recorder = new Recorder();
      recorder.onChunk = () => {
        arrived();
      };
      const call = transport().send(request(origin), recorder);
      await arriving;
      if (moment === 'while paused') call.pause();
      call.abort();
      await closing;
      await new Promise((resolve) => setTimeout(resolve, 20));

      expect(recorder.outcome).toBeNull();
      expect(call.bodySent).toBe(true);
    },
  );

  it('from within a callback stops everything after it', async () => {
    const origin = await httpServer((_incoming, response) => response.end('x'.repeat(500_000)));
    for (const moment of ['onHeaders', 'onData'] as const) {
      const recorder = new Recorder();
      const calls: string[] = [];
      let call: UpstreamCall | null = null;
      let stopped: () => void = () => undefined;
      const stopping = new Promise<void>((resolve) => {
        stopped = resolve;
      });
      const note = (name: string): void => {
        calls.push(name);
        if (name !== moment) return;
        call?.abort();
        stopped();
      };
      recorder.onHeaders = () => {
        note('onHeaders');
      };
      recorder.onData = () => {
        note('onData');
      };
      call = transport().send(request(origin), recorder);
      await stopping;
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(calls).toEqual(moment === 'onHeaders' ? ['onHeaders'] : ['onHeaders', 'onData']);
      expect(recorder.outcome).toBeNull();
    }
  });

  it('before the connection is there sends nothing', async () => {
    let requests = 0;
    const origin = await httpServer((_incoming, response) => {
      requests++;
      response.end();
    });
    const recorder = new Recorder();
    const over = transport();
    over.send(request(origin), recorder).abort();
    await exchange(over, request(origin));

    expect(recorder).toMatchObject({ status: null, outcome: null });
    expect(requests).toBe(1);
  });

  it('after the end does nothing, and leaves the connection to the next', async () => {
    const origin = await httpServer((incoming, response) => response.end(String(incoming.socket.remotePort)));
    const over = transport();
    const first = await exchange(over, request(origin));
    first.call.abort();
    first.call.pause();
    first.call.resume();
    expect(await exchange(over, request(origin))).toMatchObject({ text: first.text, outcome: 'end' });
  });
});

describe('failures before an answer', () => {
  it('are of class connect when nobody listens', async () => {
    const server = createTcpServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const answer = await exchange(transport(), request(`http://127.0.0.1:${port}`));

    expect(answer.outcome).toEqual({
      class: 'connect',
      status: null,
      message: 'The upstream did not answer: the connection was refused.',
    });
    expect(answer.call.bodySent).toBe(false);
  });

  it('are of class connect when TLS meets a server without it', async () => {
    const origin = await rawServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const answer = await exchange(transport(), request(origin.replace('http:', 'https:')));
    expect(answer.outcome).toMatchObject({ class: 'connect', message: expect.stringContaining('TLS') as string });
  });

  it('are of class connect when TLS is not agreed on in time', async () => {
    const origin = await rawServer(() => undefined);
    const upstream = request(origin.replace('http:', 'https:'), { connectTimeoutMs: 150 });
    expect((await exchange(transport(), upstream)).outcome).toMatchObject({
      class: 'connect',
      message: expect.stringContaining('in time') as string,
    });
  });

  it('are of class timeout when no headers come, and close the connection', async () => {
    let closed: () => void = () => undefined;
    const closing = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const origin = await rawServer((socket) => {
      socket.once('close', closed);
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: te');
    });
    const answer = await exchange(transport(), request(origin, { headersTimeoutMs: 150 }));
    expect(answer.outcome).toMatchObject({ class: 'timeout', status: null });
    expect(answer.call.bodySent).toBe(true);
    await closing;
  });

  it('do not take a slow body for late headers', async () => {
    const origin = await httpServer((_incoming, response) => {
      response.write('slow ');
      setTimeout(() => response.end('body'), 400);
    });
    const upstream = request(origin, { headersTimeoutMs: 100, connectTimeoutMs: 100 });
    expect(await exchange(transport(), upstream)).toMatchObject({ text: 'slow body', outcome: 'end' });
  });

  it.each<[string, (socket: Socket) => void]>([
    ['resets', (socket) => socket.resetAndDestroy()],
    ['closes', (socket) => socket.end()],
    ['closes within the headers', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-ty')],
  ])('are of class connect when the upstream %s', async (_, answer) => {
    const outcome = (await exchange(transport(), request(await rawServer(answer)))).outcome;
    expect(outcome).toMatchObject({ class: 'connect', status: null });
  });

  it.each<[string, string]>([
    ['a bad status line', 'HTTP/9.9 hello\r\n\r\n'],
    ['no HTTP at all', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['headers without end', `HTTP/1.1 200 OK\r\n${'x-filler: 0123456789012345678901234567890\r\n'.repeat(2000)}`],
    ['an upgrade', 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'],
    ['interim answers without end', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(1000)],
  ])('are of class invalid_answer for %s', async (_, text) => {
    const origin = await rawServer((socket) => socket.write(text));
    expect((await exchange(transport(), request(origin))).outcome).toMatchObject({ class: 'invalid_answer' });
  });

  it('are told without the value when a header cannot be sent', async () => {
    const origin = await httpServer((_incoming, response) => response.end());
    const upstream = request(origin, { headers: { 'x-api-key': `${SECRET}\r\nx: y` } });
    expect((await exchange(transport(), upstream)).outcome).toMatchObject({ class: 'connect' });
  });

  it('are told when the origin is none', async () => {
    expect((await exchange(transport(), request('nonsense'))).outcome).toMatchObject({ class: 'connect' });
  });
});

describe('failures within an answer', () => {
  it.each<[string, (socket: Socket) => void]>([
    [
      'a reset',
      (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart', () => socket.resetAndDestroy()),
    ],
    ['a body shorter than declared', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart')],
    [
      'a last chunked body without its end',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n4\r\npart\r\n'),
    ],
    [
      'a last body shorter than declared',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 100\r\n\r\npart'),
    ],
    [
      'a chunked body without its end',
      (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\npart\r\n'),
    ],
  ])('are of class truncated for %s', async (_, answer) => {
    const recorder = await exchange(transport(), request(await rawServer(answer)));
    expect(recorder.status).toBe(200);
    expect(recorder.outcome).toMatchObject({ class: 'truncated', status: 200 });
  });

  it('are of class invalid_answer for broken chunks', async () => {
    const origin = await rawServer((socket) =>
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnothex\r\n'),
    );
    expect((await exchange(transport(), request(origin))).outcome).toMatchObject({
      class: 'invalid_answer',
      status: 200,
    });
  });

  it('are of class invalid_answer for one byte too many, and close the connection', async () => {
    let closed: () => void = () => undefined;
    const closing = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const origin = await httpServer((incoming, response) => {
      incoming.socket.once('close', closed);
      response.write('x'.repeat(Number(incoming.headers['x-bytes'])));
      if (incoming.headers['x-bytes'] === '1000') response.end();
    });
    const over = transport();
    const limit = (bytes: number): UpstreamRequest =>
      request(origin, { maxBodyBytes: 1000, headers: { 'x-bytes': String(bytes) } });

    expect(await exchange(over, limit(1000))).toMatchObject({ outcome: 'end', bytes: 1000 });
    expect((await exchange(over, limit(1001))).outcome).toMatchObject({ class: 'invalid_answer', status: 200 });
    await closing;
  });
});

describe('coded answers', () => {
  const TEXT = '{"answer":"é"}'.repeat(50);

  async function coded(
    encoding: string,
    body: Buffer,
    type = 'application/json',
    maxBodyBytes = 10_000,
  ): Promise<Recorder> {
    const origin = await httpServer((_incoming, response) => {
      response.writeHead(200, { 'content-encoding': encoding, 'content-type': type, 'content-length': body.length });
      response.end(body);
    });
    return exchange(transport(), request(origin, { maxBodyBytes }));
  }

  it.each([
    ['gzip', gzipSync(TEXT)],
    ['GZIP', gzipSync(TEXT)],
    ['deflate', deflateSync(TEXT)],
    ['br', brotliCompressSync(TEXT)],
    ['zstd', zstdCompressSync(TEXT)],
    ['identity', Buffer.from(TEXT)],
  ])('in %s are decoded', async (encoding, body) => {
    expect(await coded(encoding, body)).toMatchObject({ outcome: 'end', text: TEXT });
  });

  it('no longer say that they are coded, nor how long they were', async () => {
    const { headers } = await coded('gzip', gzipSync(TEXT));
    expect([headers['content-encoding'], headers['content-length']]).toEqual([undefined, undefined]);
    expect(headers['content-type']).toBe('application/json');
  });

  it.each<[string, string, Buffer]>([
    ['a bomb', 'gzip', gzipSync(Buffer.alloc(5_000_000))],
    ['a bomb', 'br', brotliCompressSync(Buffer.alloc(5_000_000))],
    ['one byte too many', 'gzip', gzipSync(Buffer.alloc(10_001))],
    ['a body in another coding', 'gzip', Buffer.from('plain')],
    ['a body cut short', 'gzip', gzipSync(TEXT).subarray(0, 30)],
    ['stacked codings', 'gzip, gzip', gzipSync(gzipSync(TEXT))],
    ['an unknown coding', 'constructor', Buffer.from('x')],
  ])('with %s (%s) are of class invalid_answer', async (_, encoding, body) => {
    const answer = await coded(encoding, body);
    expect(answer.outcome).toMatchObject({ class: 'invalid_answer', status: 200 });
    expect(answer.bytes).toBe(0);
  });

  it('that are event streams are refused: they could not be decoded as they come', async () => {
    const answer = await coded('gzip', gzipSync('data: 1\n\n'), 'text/event-stream; charset=utf-8');
    expect(answer.outcome).toMatchObject({ class: 'invalid_answer' });
  });

  it('can be aborted while they are decoded', async () => {
    const body = gzipSync(Buffer.alloc(8_000));
    const origin = await httpServer((_incoming, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(body);
    });
    const recorder = new Recorder();
    const call = transport().send(request(origin), recorder);
    while (recorder.status === null) await new Promise((resolve) => setImmediate(resolve));
    call.abort();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(recorder).toMatchObject({ outcome: null, bytes: 0 });
  });
});

describe('closing the transport', () => {
  it('ends what is under way with an error and closes every socket', async () => {
    let sockets = 0;
    const server = createServer((_incoming, response) => response.write('data: 1\n\n'));
    server.on('connection', (socket) => {
      sockets++;
      socket.once('close', () => sockets--);
    });
    const origin = await listen(server);
    const over = transport();
    const recorder = new Recorder();
    const streaming = new Promise<void>((resolve) => {
      recorder.onChunk = () => {
        resolve();
      };
    });
    over.send(request(origin), recorder);
    await streaming;
    await over.close();
    await recorder.finished;

    expect(recorder.outcome).toMatchObject({ class: 'truncated', status: 200 });
    while (sockets > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('refuses requests from then on, and can be done twice', async () => {
    const over = transport();
    await over.close();
    await over.close();
    expect((await exchange(over, request('http://127.0.0.1:9'))).outcome).toMatchObject({
      class: 'connect',
      message: expect.stringContaining('stopping') as string,
    });
  });
});

describe('a handler that throws', () => {
  it.each(['onHeaders', 'onData', 'onEnd'] as const)('in %s is reported and hurts no one else', async (where) => {
    const origin = await httpServer((_incoming, response) => response.end('body'));
    const over = transport();
    const recorder = new Recorder();
    const told = new Promise<void>((resolve) => {
      recorder[where] = () => {
        resolve();
        throw new Error(`fault in ${where}`);
      };
    });
    over.send(request(origin), recorder);
    await told;
    if (where !== 'onEnd') {
      await recorder.finished;
      expect(recorder.outcome).toMatchObject({ class: 'invalid_answer' });
    }
    expect(faults.splice(0)).toEqual([new Error(`fault in ${where}`)]);
    expect(await exchange(over, request(origin))).toMatchObject({ text: 'body', outcome: 'end' });
  });
});
