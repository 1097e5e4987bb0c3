import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Worker } from 'node:worker_threads';
import { freePort } from '../child-server.js';
import type { HostileMode } from './fault-table.js';
import { selfSigned } from './self-signed.js';

/** Connections that fill the queue of a listener that takes only one. */
const QUEUE_FILLERS = 4;
const HOUR_MS = 3_600_000;

/** Listens, and then never looks at its connections again: its thread sleeps for ever. */
const SLEEPER = `
const { parentPort } = require('node:worker_threads');
const server = require('node:net').createServer();
server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
});`;

/** Listeners on loopback with which no connection, or no TLS, can be had. */
export class HostileUpstreams {
  private constructor(
    /** Base URLs. */
    readonly urls: Readonly<Record<HostileMode, string>>,
    private readonly sleeper: Worker,
    private readonly sockets: ReadonlySet<Socket>,
    private readonly servers: readonly Server[],
  ) {}

  static async start(): Promise<HostileUpstreams> {
    const sockets = new Set<Socket>();
    const keep = (server: Server): Server => server.on('connection', (socket: Socket) => sockets.add(socket));
    const stranger = keep(createTlsServer(selfSigned(new Date(Date.now() + HOUR_MS))));
    const expired = keep(createTlsServer(selfSigned(new Date('2021-01-01T00:00:00Z'))));
    const silent = keep(createServer(ignoreErrors));
    const sleeper = new Worker(SLEEPER, { eval: true });
    const [sleeping] = (await once(sleeper, 'message')) as [number];
    for (let filler = 0; filler < QUEUE_FILLERS; filler += 1) sockets.add(connect(sleeping, '127.0.0.1'));
    for (const socket of sockets) ignoreErrors(socket);
    const urls = {
      connect_refuse: `http://127.0.0.1:${String(await freePort())}`,
      never_accept: `http://127.0.0.1:${String(sleeping)}`,
      tls_self_signed: `https://127.0.0.1:${String(await listen(stranger))}`,
      tls_expired: `https://127.0.0.1:${String(await listen(expired))}`,
      tls_hang: `https://127.0.0.1:${String(await listen(silent))}`,
    };
    return new HostileUpstreams(urls, sleeper, sockets, [stranger, expired, silent]);
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await Promise.all(this.servers.map((server) => new Promise((resolve) => server.close(resolve))));
    await this.sleeper.terminate();
  }
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Whoever connects gives up, one way or another. */
function ignoreErrors(socket: Socket): void {
  socket.on('error', () => undefined);
}
