import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { TcpProxy } from './tcp-proxy.js';
import { until } from './until.js';

/** Answers everything with itself, after its mark. */
async function echo(mark: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => socket.write(`${mark}${bytes.toString()}`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

describe('the proxy', () => {
  let one: Server;
  let other: Server;
  let proxy: TcpProxy;
  const clients: Socket[] = [];

  beforeAll(async () => {
    [one, other] = [await echo('one:'), await echo('other:')];
    proxy = await TcpProxy.start(portOf(one));
  });

  beforeEach(() => {
    proxy.heal();
    proxy.redirect(portOf(one));
  });

  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
  });

  afterAll(async () => {
    await proxy.close();
    for (const server of [one, other]) await new Promise((resolve) => server.close(resolve));
  });

  /** What a client got so far, and how it ended. */
  function client() {
    const socket = connect(proxy.port, '127.0.0.1');
    clients.push(socket);
    const seen = { text: '', end: null as string | null };
    socket.on('data', (bytes) => (seen.text += bytes.toString()));
    socket.on('error', (error: NodeJS.ErrnoException) => (seen.end = error.code ?? error.message));
    return { socket, seen };
  }

  it('passes what is said, both ways, and leads new connections elsewhere', async () => {
    const { socket, seen } = client();
    socket.write('hello');
    await until('it is answered', () => seen.text === 'one:hello');
    proxy.redirect(portOf(other));
    await until('the old connection broke', () => seen.end === 'ECONNRESET');
    const next = client();
    next.socket.write('hello');
    await until('the other one answers', () => next.seen.text === 'other:hello');
  });

  it('takes its time, in each direction, and keeps the order', async () => {
    proxy.shape({ latencyMs: 60, jitterMs: 40 });
    const { socket, seen } = client();
    const startMs = performance.now();
    for (const word of ['a', 'b', 'c']) socket.write(word);
    await until('it is answered', () => seen.text.replaceAll('one:', '') === 'abc');
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(119);
  });

  it('carries no more bytes a second than it is told to', async () => {
    proxy.shape({ bytesPerSecond: 50_000 });
    const { socket, seen } = client();
    const startMs = performance.now();
    socket.write('x'.repeat(10_000));
    await until('it is answered', () => seen.text.replaceAll('one:', '').length === 10_000);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(199);
  });

  it('holds connections without a word, and passes everything once it is healed', async () => {
    const { socket, seen } = client();
    await once(socket, 'connect');
    proxy.silence();
    socket.write('before');
    const late = client();
    late.socket.write('late');
    await once(late.socket, 'connect');
    // Another connection has gone all the way to its server by the time this one could have been answered.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([seen, late.seen]).toEqual([
      { text: '', end: null },
      { text: '', end: null },
    ]);
    proxy.heal();
    await until('both are answered', () => seen.text === 'one:before' && late.seen.text === 'one:late');
  });

  it('resets what there is and what comes, until it is healed', async () => {
    const { socket, seen } = client();
    await once(socket, 'connect');
    socket.write('x');
    await until('it is answered', () => seen.text !== '');
    proxy.refuse();
    await until('it broke', () => seen.end === 'ECONNRESET');
    const refused = client();
    await until('it is refused', () => refused.seen.end !== null || refused.socket.destroyed);
    proxy.heal();
    const served = client();
    served.socket.write('x');
    await until('it is served', () => served.seen.text === 'one:x');
  });
});
