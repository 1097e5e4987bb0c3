import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './cli-commands.js';
import type { CliContext } from './cli-commands.js';
import { ConfigError } from './config/config-error.js';

interface Run {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
  readonly started: readonly (string | null)[];
}

async function run(args: readonly string[], change: Partial<CliContext> = {}): Promise<Run> {
  let out = '';
  let err = '';
  const started: (string | null)[] = [];
  const status = await runCommand(args, {
    environment: {},
    output: {
      out: (text) => {
        out += `${text}\n`;
      },
      err: (text) => {
        err += `${text}\n`;
      },
    },
    start: async ({ configPath }) => {
      started.push(configPath);
    },
    work: async ({ configPath }) => {
      started.push(`worker ${configPath ?? ''}`);
    },
    migrate: async () => [],
    ...change,
  });
  return { status, out, err, started };
}

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'switchyard-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function file(text: string): string {
  const path = join(directory, 'switchyard.yaml');
  writeFileSync(path, text);
  return path;
}

describe('switchyard start', () => {
  it('starts with the file that is asked for, and leaves the process running', async () => {
    expect(await run(['start', '--config', 'a.yaml'])).toMatchObject({ status: null, started: ['a.yaml'], err: '' });
    expect(await run(['start', '-c', 'a.yaml'])).toMatchObject({ status: null, started: ['a.yaml'] });
    expect(await run(['start'])).toMatchObject({ status: null, started: [null] });
  });

  it('shows every fault of a configuration, and fails', async () => {
    const fault = { path: 'server.port', line: 2, value: '"x"', expected: 'a whole number' };
    const { status, err } = await run(['start'], { start: () => Promise.reject(new ConfigError('a.yaml', [fault])) });

    expect(status).toBe(1);
    expect(err).toContain('server.port (line 2): found "x", expected a whole number');
  });

  it('shows the reason of any other failure without a stack', async () => {
    const { status, err } = await run(['start'], { start: () => Promise.reject(new Error('listen EADDRINUSE')) });

    expect(status).toBe(1);
    expect(err).toBe('Switchyard could not start: listen EADDRINUSE\n');
  });
});

describe('switchyard worker', () => {
  it('runs with the file that is asked for, and leaves the process running', async () => {
    expect(await run(['worker', '-c', 'a.yaml'])).toMatchObject({ status: null, started: ['worker a.yaml'] });
  });

  it('says what the configuration lacks, and fails', async () => {
    const work = () => Promise.reject(new Error('a worker needs redis.url'));
    expect(await run(['worker'], { work })).toMatchObject({
      status: 1,
      err: 'Switchyard could not start: a worker needs redis.url\n',
    });
  });
});

describe('switchyard migrate', () => {
  it('says what it applied', async () => {
    const migrate = () => Promise.resolve(['0001_ledger', '0002_more']);
    expect(await run(['migrate'], { migrate })).toMatchObject({ status: 0, out: 'Applied: 0001_ledger, 0002_more\n' });
    expect(await run(['migrate'])).toMatchObject({ status: 0, out: 'The database is up to date.\n' });
  });

  it('says why it could not, and fails', async () => {
    const migrate = () => Promise.reject(new Error('connect ECONNREFUSED'));
    expect(await run(['migrate'], { migrate })).toMatchObject({
      status: 1,
      err: 'The database could not be brought up to date: connect ECONNREFUSED\n',
    });
  });
});

describe('switchyard check-config', () => {
  it('lists every fault with place, value and what was expected', async () => {
    const { status, out, err } = await run(['check-config', file('server: { port: x, wrkers: 1 }\n')]);

    expect(status).toBe(1);
    expect(out).toBe('');
    expect(err).toContain(': 2 faults\n');
    expect(err).toContain('server.port (line 1): found "x", expected a whole number, at least 0, at most 65535\n');
    expect(err).toContain('server.wrkers (line 1): found an unknown key with a number, expected the key "workers"\n');
  });

  it('sums up a valid file, with its notices, and writes nothing', async () => {
    const path = file(`data_dir: ${join(directory, 'data')}\nserver: { port: 8123 }\n`);
    const { status, out, err } = await run(['check-config', path]);

    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out).toContain(`${path}: valid\n`);
    expect(out).toContain('127.0.0.1:8123');
    expect(out).toContain('note: keys:');
    expect(existsSync(join(directory, 'data'))).toBe(false);
  });

  it('plans the golden requests', async () => {
    const body = '{ model: acme/nothing, messages: [{ role: user, content: Hello }] }';
    const golden = (key: string): string => `golden_requests: [{ name: smoke, key: ${key}, body: ${body} }]\n`;
    const keys = 'keys: [{ id: ci, key: sk-ci-0123456789abcdef }]\n';
    const { status, err } = await run(['check-config', file(`${keys}${golden('ci')}`)]);
    expect(status).toBe(1);
    expect(err).toContain('golden_requests[0]: found "smoke" with nowhere to go');

    const { out } = await run(['check-config', file(`${keys}${golden('of-the-database')}`)]);
    expect(out).toContain('note: golden_requests[0]: "smoke" was not checked');
  });

  it('takes the variables of the environment', async () => {
    const path = file('server: { port: "${PORT}" }\n');

    expect((await run(['check-config', path], { environment: { PORT: '8124' } })).out).toContain(':8124');
    expect((await run(['check-config', path])).err).toContain('PORT to be set');
  });

  it('checks the file that start would take when none is named', async () => {
    const environment = { SWITCHYARD_CONFIG: file('server: { port: 8125 }\n') };

    expect((await run(['check-config'], { environment })).out).toContain(':8125');
  });

  it('says that a file is not there', async () => {
    const { status, err } = await run(['check-config', join(directory, 'nowhere.yaml')]);

    expect(status).toBe(1);
    expect(err).toContain('no such file');
  });
});

describe('switchyard', () => {
  it('prints the schema that is shipped', async () => {
    const { status, out } = await run(['schema']);

    expect(status).toBe(0);
    expect(out).toBe(readFileSync('config/switchyard.schema.json', 'utf8'));
  });

  it('prints its version', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

    expect(await run(['version'])).toMatchObject({ status: 0, out: `${version}\n` });
  });

  it.each([[['--help']], [['-h']], [['help']], [['start', '--help']]])('prints help for %j', async (args) => {
    const { status, out, started } = await run(args);

    expect(status).toBe(0);
    expect(out).toContain('switchyard check-config');
    expect(started).toEqual([]);
  });

  it.each([
    [[], 'Usage'],
    [['strat'], 'Unknown command "strat"'],
    [['start', '--confg', 'x'], '--confg'],
    [['start', '--config'], '--config'],
    [['start', 'a.yaml'], 'Unexpected argument "a.yaml"'],
    [['check-config', 'a.yaml', 'b.yaml'], 'Unexpected argument "b.yaml"'],
  ])('refuses %j and says how it is used', async (args, message) => {
    const { status, err, started } = await run(args);

    expect(status).toBe(2);
    expect(err).toContain(message);
    expect(err).toContain('Usage');
    expect(started).toEqual([]);
  });
});
