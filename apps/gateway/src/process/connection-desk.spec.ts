import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { ConnectionDesk } from './connection-desk.js';
import type { Clerk } from './connection-desk.js';

/** A worker that is told what it is given, and serves when the test says so. */
class TestClerk implements Clerk {
  readonly given: { readonly connection: number; readonly socket: Socket }[] = [];

  hand(connection: number, socket: Socket): void {
    this.given.push({ connection, socket });
  }
}

const clients: Socket[] = [];
let desk: ConnectionDesk;
let port: number;

const refused: Socket[] = [];

async function open(options: { heldMax?: number; heldMs?: number; lateMs?: number } = {}): Promise<void> {
  refused.length = 0;
  desk = new ConnectionDesk({ refuse: (socket) => refused.push(socket.destroy()), ...options });
  port = Number(new URL(await desk.listen('127.0.0.1', 0)).port);
}

async function client(text = ''): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  clients.push(socket);
  await once(socket, 'connect');
  if (text !== '') socket.write(text);
  return socket;
}

async function until(holds: () => boolean): Promise<void> {
  for (const endMs = performance.now() + 10_000; performance.now() < endMs;) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('what was waited for did not happen');
}

afterEach(() => {
  desk.close();
  for (const socket of clients.splice(0)) socket.destroy();
});

describe('connections and workers that are late', () => {
  it('are kept apart: the next goes to a worker that is in time, and is refused where none is', async () => {
    await open({ lateMs: 0 });
    const [late, other] = [new TestClerk(), new TestClerk()];
    desk.join(late);
    await client();
    await until(() => late.given.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await client();
    await until(() => refused.length === 1);
    desk.join(other);
    await client();
    await until(() => other.given.length === 1);
    desk.taken(late, late.given[0]?.connection ?? 0);
    await client();
    await until(() => late.given.length === 2);
    expect(refused).toHaveLength(1);
  });
});

describe('connections and workers', () => {
  it('meet so that each worker has as many as the others, and the one that lost some gets the next', async () => {
    await open();
    const [one, two] = [new TestClerk(), new TestClerk()];
    desk.join(one);
    desk.join(two);
    for (let number = 0; number < 6; number += 1) await client();
    await until(() => one.given.length + two.given.length === 6);
    expect([one.given.length, two.given.length]).toEqual([3, 3]);
    desk.closed(one, 2);
    await client();
    await client();
    await until(() => one.given.length === 5);
    expect(two.given.length).toBe(3);
  });

  it('that were not taken go to another worker when theirs is gone, with all that the client sent', async () => {
    await open();
    const [one, two] = [new TestClerk(), new TestClerk()];
    desk.join(one);
    await client('hello');
    await until(() => one.given.length === 1);
    desk.join(two);
    desk.gone(one);
    expect(two.given).toHaveLength(1);
    const read = new Promise<Buffer>((resolve) => two.given[0]?.socket.once('data', resolve));
    two.given[0]?.socket.resume();
    expect((await read).toString()).toBe('hello');
  });

  it('that were taken are let go of: the client is told when the worker lets go as well', async () => {
    await open();
    const [one, two] = [new TestClerk(), new TestClerk()];
    desk.join(one);
    const socket = await client();
    const closed = once(socket, 'close');
    await until(() => one.given.length === 1);
    desk.join(two);
    // In this process there is but one copy.
    desk.taken(one, one.given[0]?.connection ?? 0);
    desk.gone(one);
    await closed;
    expect(two.given).toHaveLength(0);
  });

  it('wait for a worker while there is none', async () => {
    await open();
    await client('x');
    await client('y');
    const one = new TestClerk();
    await new Promise((resolve) => setTimeout(resolve, 50));
    desk.join(one);
    await until(() => one.given.length === 2);
  });

  it('wait in a bounded number and for a bounded time, and are closed then', async () => {
    await open({ heldMax: 1, heldMs: 300 });
    const first = await client();
    const firstClosed = once(first, 'close');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const second = await client();
    await once(second, 'close');
    expect(first.destroyed).toBe(false);
    await firstClosed;
  });

  it('are not given to a worker that takes its leave', async () => {
    await open();
    const [one, two] = [new TestClerk(), new TestClerk()];
    desk.join(one);
    desk.join(two);
    desk.leave(one);
    await client();
    await client();
    await until(() => two.given.length === 2);
    expect(one.given).toHaveLength(0);
  });

  it('are refused once the desk is closed', async () => {
    await open();
    desk.close();
    const socket = connect(port, '127.0.0.1');
    clients.push(socket);
    const [fault] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(fault.code).toBe('ECONNREFUSED');
  });
});
