import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChildServer, freePort } from './child-server.js';

/** A redis-server of a test's own, on a free loopback port, with an empty directory. */
export interface TestRedis {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** SIGSTOP, SIGCONT, SIGKILL, ... */
  signal(signal: NodeJS.Signals): void;
  /** Starts it again on the same port and directory after it was killed. */
  restart(): Promise<void>;
  /** Stops it and removes its directory. */
  stop(): Promise<void>;
}

/** `args` are options of redis-server: `['--appendonly', 'yes']`. */
export async function startRedis(args: readonly string[] = []): Promise<TestRedis> {
  const directory = mkdtempSync(join(tmpdir(), 'switchyard-redis-'));
  const port = await freePort();
  const start = async (): Promise<ChildServer> => {
    const options = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', '', ...args];
    const server = ChildServer.run('redis-server', options, directory);
    await server.untilUp(() => answersPing(port));
    return server;
  };
  let server = await start();
  return {
    url: `redis://127.0.0.1:${String(port)}`,
    port,
    get pid() {
      return server.pid;
    },
    signal: (signal) => {
      server.signal(signal);
    },
    restart: async () => {
      await server.stop('SIGKILL');
      server = await start();
    },
    stop: async () => {
      await server.stop('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const end = (isUp: boolean) => (): void => {
      socket.destroy();
      resolve(isUp);
    };
    socket.on('data', (data) => {
      end(data.toString().startsWith('+PONG'))();
    });
    socket.on('error', end(false));
    socket.setTimeout(1_000, end(false));
  });
}
