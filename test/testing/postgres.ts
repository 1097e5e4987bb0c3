import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Client } from 'pg';
import { ChildServer, freePort } from './child-server.js';

/** Where Debian keeps one folder per version. */
const DEBIAN_FOLDER = '/usr/lib/postgresql';
const SUPERUSER = 'switchyard';
const RESTART_TRIES = 20;

/** A PostgreSQL server of a test's own, on a free loopback port. */
export interface TestPostgres {
  /** URL of a fresh, empty database of this server. */
  createDatabase(): Promise<string>;
  readonly port: number;
  readonly pid: number;
  /** SIGSTOP, SIGCONT, ... SIGKILL of the postmaster takes its children along. */
  signal(signal: NodeJS.Signals): void;
  /** Starts it again on the same port and data after it was killed. */
  restart(): Promise<void>;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
}

/** `settings` are server parameters: `{ max_connections: '20' }`. */
export async function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<TestPostgres> {
  const directory = mkdtempSync(join(tmpdir(), 'switchyard-postgres-'));
  const data = join(directory, 'data');
  const port = await freePort();
  asServerUser(directory, 'initdb', [
    '-D',
    data,
    '-A',
    'trust',
    '-U',
    SUPERUSER,
    '--no-sync',
    '-E',
    'UTF8',
    '--locale=C',
  ]);
  const url = (database: string): string => `postgres://${SUPERUSER}@127.0.0.1:${String(port)}/${database}`;
  const options = Object.entries({ listen_addresses: '127.0.0.1', unix_socket_directories: '', ...settings });
  const start = async (): Promise<ChildServer> => {
    rmSync(join(data, 'postmaster.pid'), { force: true });
    const [command, args] = serverCommand('postgres', [
      ...['-D', data, '-p', String(port)],
      ...options.flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ]);
    const server = ChildServer.run(command, args, directory);
    await server.untilUp(() => answers(url('postgres')));
    return server;
  };
  let server = await start();
  let databases = 0;
  return {
    port,
    get pid() {
      return server.pid;
    },
    createDatabase: async () => {
      databases += 1;
      const name = `test_${String(databases)}`;
      await query(url('postgres'), `create database ${name}`);
      return url(name);
    },
    signal: (signal) => {
      server.signal(signal);
    },
    restart: async () => {
      await server.stop('SIGKILL');
      // Its children outlive a killed server for a moment, and hold the shared memory that the next one wants.
      for (let tries = 1; ; tries += 1) {
        try {
          server = await start();
          return;
        } catch (error) {
          if (tries === RESTART_TRIES) throw error;
        }
      }
    },
    stop: async () => {
      // Immediate shutdown: the data is thrown away.
      await server.stop('SIGQUIT');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function binary(name: string): string {
  const versions = existsSync(DEBIAN_FOLDER) ? readdirSync(DEBIAN_FOLDER).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions.map((version) => join(DEBIAN_FOLDER, version, 'bin', name)).find((path) => existsSync(path));
  return found ?? name;
}

const isRoot = process.getuid?.() === 0;

/** PostgreSQL refuses to run as root; Debian's package brings the user `postgres`. `setpriv` becomes the server, so its id is the server's. */
function serverCommand(name: string, args: readonly string[]): [string, string[]] {
  if (!isRoot) return [binary(name), [...args]];
  return ['setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', binary(name), ...args]];
}

function asServerUser(directory: string, name: string, args: readonly string[]): void {
  if (isRoot) {
    const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
    chownSync(directory, id('-u'), id('-g'));
  }
  const [command, all] = serverCommand(name, args);
  execFileSync(command, all, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
}

async function answers(url: string): Promise<boolean> {
  try {
    await query(url, 'select 1');
    return true;
  } catch {
    return false;
  }
}

async function query(url: string, text: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(text);
  } finally {
    await client.end().catch(() => undefined);
  }
}
