import type { UpstreamError, UpstreamFailure } from '@switchyard/contract';
import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AddressGuard } from './address-guard.js';
import { Transport } from './transport.js';
import type { UpstreamRequest } from './upstream.js';

interface Site {
  readonly port: number;
  readonly connections: () => number;
  readonly received: () => string;
}

const cleanUp: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

async function site(address: string, listener: RequestListener, port = 0): Promise<Site> {
  let connections = 0;
  let received = '';
  const server: Server = createServer((request, response) => {
    received += JSON.stringify(request.headers);
    request.on('data', (chunk: Buffer) => (received += chunk.toString()));
    request.on('end', () => {
      listener(request, response);
    });
  });
  server.on('connection', () => (connections += 1));
  server.listen(port, address);
  await once(server, 'listening');
  cleanUp.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    received: () => received,
  };
}

/** Stands for a public site: loopback, and so reachable by the tests, at an address that the guard is told to allow. */
const PUBLIC = '127.0.0.2';
const TRAP = '127.0.0.1';

/** Gives the n-th of the answers to the n-th question, and the last from then on. */
function nameServer(...answers: readonly (readonly string[])[]) {
  let asked = 0;
  const resolve = (_host: string, done: (found: readonly LookupAddress[]) => void): void => {
    const answer = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    done(answer.map((address) => ({ address, family: 4 })));
  };
  return { resolve, asked: () => asked };
}

function transport(): Transport {
  const made = new Transport();
  cleanUp.push(() => made.close());
  return made;
}

async function send(via: Transport, origin: string, guard: AddressGuard | null): Promise<number | UpstreamFailure> {
  const request: UpstreamRequest = {
    origin,
    path: '/v1/chat/completions',
    method: 'POST',
    headers: { authorization: 'Bearer sk-callers-own' },
    body: 'a prompt',
    connectTimeoutMs: 5_000,
    headersTimeoutMs: 5_000,
    maxBodyBytes: 1_000,
    poolKey: 'somebody',
    guard,
    isPassing: guard !== null,
  };
  return new Promise((resolve) => {
    let status = 0;
    via.send(request, {
      onHeaders: (answered) => (status = answered),
      onData: () => undefined,
      onEnd: () => {
        resolve(status);
      },
      onError: (error: UpstreamError) => {
        resolve(error.failure);
      },
    });
  });
}

const REFUSED: UpstreamFailure = {
  class: 'endpoint_specific',
  status: null,
  message: 'The host name of the upstream leads nowhere public.',
};

const greet: RequestListener = (_request, response) => response.setHeader('connection', 'close').end('hello');

describe('a guarded request', () => {
  it('connects to the address that was judged, asking once', async () => {
    const good = await site(PUBLIC, greet);
    const names = nameServer([PUBLIC]);
    const guard = new AddressGuard([PUBLIC], names.resolve);
    await expect(send(transport(), `http://name.example.com:${good.port}`, guard)).resolves.toBe(200);
    expect(names.asked()).toBe(1);
    expect(good.connections()).toBe(1);
  });

  it('goes nowhere when the name leads to an address that is not public', async () => {
    const trap = await site(TRAP, greet);
    const guard = new AddressGuard([], nameServer([TRAP]).resolve);
    await expect(send(transport(), `http://name.example.com:${trap.port}`, guard)).resolves.toEqual(REFUSED);
    await expect(send(transport(), `https://name.example.com:${trap.port}`, guard)).resolves.toEqual(REFUSED);
    expect(trap.connections()).toBe(0);
  });

  it('goes nowhere when the name is bound to another address after the first connection', async () => {
    const good = await site(PUBLIC, greet);
    const trap = await site(TRAP, greet, good.port);
    const guard = new AddressGuard([PUBLIC], nameServer([PUBLIC], [TRAP]).resolve);
    const via = transport();
    await expect(send(via, `http://rebinds.example.com:${good.port}`, guard)).resolves.toBe(200);
    await expect(send(via, `http://rebinds.example.com:${good.port}`, guard)).resolves.toEqual(REFUSED);
    expect(trap.connections()).toBe(0);
  });

  it('goes nowhere by an address as such, which no look-up would see', async () => {
    const trap = await site(TRAP, greet);
    await expect(send(transport(), `http://127.0.0.1:${trap.port}`, new AddressGuard([]))).resolves.toEqual(REFUSED);
    await expect(send(transport(), `http://localhost:${trap.port}`, new AddressGuard([]))).resolves.toEqual(REFUSED);
    expect(trap.connections()).toBe(0);
  });

  it('does not ride on a connection that was opened without a guard, or under other rules', async () => {
    const trap = await site(TRAP, (_request, response) => response.end('hello'));
    const via = transport();
    const origin = `http://127.0.0.1:${trap.port}`;
    await expect(send(via, origin, null)).resolves.toBe(200);
    await expect(send(via, origin, new AddressGuard([TRAP]))).resolves.toBe(200);
    await expect(send(via, origin, new AddressGuard([]))).resolves.toEqual(REFUSED);
    expect(trap.connections()).toBe(2);
  });

  it('is told of a redirect, and neither body nor credential follow it', async () => {
    const trap = await site(TRAP, greet);
    for (const status of [301, 302, 303, 307, 308]) {
      const location = `http://127.0.0.1:${trap.port}/v1`;
      const redirecting = await site(PUBLIC, (_request, response) => response.writeHead(status, { location }).end());
      const guard = new AddressGuard([], nameServer([PUBLIC]).resolve);
      const allowed = new AddressGuard([PUBLIC]);
      const origin = `http://${PUBLIC}:${redirecting.port}`;
      await expect(send(transport(), origin, allowed)).resolves.toBe(status);
      await expect(send(transport(), origin, guard)).resolves.toEqual(REFUSED);
    }
    expect(trap.connections()).toBe(0);
    expect(trap.received()).toBe('');
  });
});
