import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'undici';
import { PoolShelf } from './pool-shelf.js';

let server: Server;
let origin = '';
const shelves: PoolShelf[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url !== '/hangs') response.end('ok');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await Promise.all(shelves.splice(0).map((shelf) => shelf.destroy()));
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function shelfOf(max: number): PoolShelf {
  const shelf = new PoolShelf(max);
  shelves.push(shelf);
  return shelf;
}

function pool(): Pool {
  return new Pool(origin, { keepAliveTimeout: 50, keepAliveMaxTimeout: 50, keepAliveTimeoutThreshold: 0 });
}

async function visit(pooled: Pool): Promise<void> {
  const { body } = await pooled.request({ path: '/', method: 'GET' });
  await body.dump();
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds() && tries < 500; tries += 1) await pause(20);
}

describe('pools', () => {
  it('of passing strangers go with their last connection, and others stay', async () => {
    const shelf = shelfOf(10);
    const passing = shelf.put('passing', pool(), true);
    const kept = shelf.put('kept', pool(), false);
    await Promise.all([visit(passing), visit(kept)]);
    await until(() => shelf.get('passing') === undefined);
    expect(shelf.get('passing')).toBeUndefined();
    expect(passing.closed).toBe(true);
    expect(shelf.get('kept')).toBe(kept);
  });

  it('of passing strangers go when their host cannot be reached', async () => {
    const shelf = shelfOf(10);
    const nowhere = shelf.put('nowhere', new Pool('http://127.0.0.1:9', { connectTimeout: 500 }), true);
    await expect(nowhere.request({ path: '/', method: 'GET' })).rejects.toThrow();
    await until(() => shelf.size === 0);
    expect(shelf.size).toBe(0);
  });

  it('make room when there are too many: of strangers first, and never one in use', async () => {
    const shelf = shelfOf(2);
    const kept = shelf.put('kept', pool(), false);
    const stranger = shelf.put('stranger', pool(), true);
    shelf.put('another', pool(), true);
    expect(shelf.get('stranger')).toBeUndefined();
    expect(stranger.closed).toBe(true);
    expect(shelf.get('kept')).toBe(kept);

    const busy = shelf.put('busy', pool(), true);
    const hanging = busy.request({ path: '/hangs', method: 'GET' }).catch(() => undefined);
    shelf.put('next', pool(), false);
    shelf.put('one more', pool(), false);
    expect(shelf.get('busy')).toBe(busy);
    expect(busy.closed).toBe(false);
    await shelf.destroy();
    await hanging;
  });
});
