import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The program as a person starts it: built, with a supervisor and a worker, driven by signals and files. */
const START = fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url));
/** A first start compiles everything. */
const START_MS = 180_000;

interface Running {
  readonly child: ChildProcess;
  readonly folder: string;
  readonly output: () => string;
  readonly data: string;
  readonly ops: string;
  readonly exit: Promise<number | null>;
}

const running: Running[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) {
    one.child.kill('SIGKILL');
    await one.exit;
    rmSync(one.folder, { recursive: true, force: true });
  }
});

async function start(yaml: string | null): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-start-'));
  const config = join(folder, 'switchyard.yaml');
  if (yaml !== null) writeFileSync(config, yaml);
  const child = spawn(process.execPath, [START, ...(yaml === null ? [] : ['--config', config])], {
    cwd: folder,
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exit = new Promise<number | null>((resolve) => child.on('exit', resolve));
  await until(() => output.includes('Try it:') || child.exitCode !== null, START_MS);
  if (child.exitCode !== null) throw new Error(`did not start:\n${output}`);
  const [data = '', ops = ''] = output.match(/http:\/\/127\.0\.0\.1:\d+/g) ?? [];
  const one = { child, folder, output: () => output, data, ops, exit };
  running.push(one);
  return one;
}

async function until(holds: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  for (const end = performance.now() + timeoutMs; performance.now() < end;) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('what was waited for did not happen');
}

const KEY = 'sk-switchyard-start-0123456789';
const FIRST = 'server: { port: 0, ops_port: 0 }\ntimeouts: { drain_delay_s: 0 }\n';
const configOf = (model: string): string => `
server: { port: 0, ops_port: 0, workers: 1 }
timeouts: { drain_delay_s: 0 }
data_dir: ./data
keys: [{ id: a, key: ${KEY} }]
catalog: { builtin: false }
providers: [{ id: lab, dialect: openai-chat, base_url: "http://127.0.0.1:9/v1", needs_credential: false }]
models: [{ id: ${model}, endpoints: [{ provider: lab, price: { prompt: 1, completion: 1 } }] }]
`;
const modelsOf = async ({ data }: Running): Promise<string[]> => {
  const reply = await fetch(`${data}/v1/models`, { headers: { 'x-api-key': KEY } });
  return ((await reply.json()) as { data: { id: string }[] }).data.map((model) => model.id);
};

it(
  'prints URLs, a key and a request that works when pasted, and ends with 0 on SIGTERM',
  async () => {
    const one = await start(`${FIRST}keys: [{ id: a, key: ${KEY} }]\n`);
    expect(one.output()).toContain('SIMULATED');
    expect((await fetch(`${one.ops}/readyz`)).status).toBe(200);
    const reply = await fetch(`${one.data}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': KEY, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'claude-haiku-4.5',
        max_tokens: 64,
        messages: [{ role: 'user', content: 'Hello' }],
      }),
    });
    expect(await reply.text()).toContain('simulator');
    one.child.kill('SIGTERM');
    expect(await one.exit).toBe(0);
    const lines = one
      .output()
      .split('\n')
      .filter((line) => line.includes('"msg":"request"'));
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      {
        level: 30,
        role: 'worker',
        key_id: 'a',
        status: 'completed',
        model: 'anthropic/claude-haiku-4.5',
        usage_source: 'upstream',
      },
    ]);
    expect(lines.join()).not.toContain('Hello');
  },
  START_MS,
);

it(
  'takes a changed configuration, keeps the old one when the change is faulty, and replaces a worker that dies',
  async () => {
    const one = await start(configOf('acme/first'));
    expect(await modelsOf(one)).toEqual(['acme/first']);
    const file = join(one.folder, 'switchyard.yaml');

    writeFileSync(file, configOf('acme/second'));
    await until(async () => (await modelsOf(one)).includes('acme/second'));

    writeFileSync(file, `${configOf('acme/third')}\nprovidres: []\n`);
    await until(() => one.output().includes('providres'));
    expect(await modelsOf(one)).toEqual(['acme/second']);

    const [worker] = childrenOf(one.child.pid ?? 0);
    process.kill(worker ?? 0, 'SIGKILL');
    await until(() => one.output().includes('a worker died'));
    await until(async () => (await modelsOf(one).catch(() => [''])).includes('acme/second'));

    const [old] = childrenOf(one.child.pid ?? 0);
    one.child.kill('SIGUSR2');
    // The new one serves before the old one ends, so there is no moment without an answer.
    while (childrenOf(one.child.pid ?? 0).includes(old ?? 0)) expect(await modelsOf(one)).toEqual(['acme/second']);
    one.child.kill('SIGTERM');
    expect(await one.exit).toBe(0);
  },
  START_MS,
);

it(
  'lets a running request end before it stops',
  async () => {
    const one = await start(`${FIRST}keys: [{ id: a, key: ${KEY} }]\n`);
    const reply = await fetch(`${one.data}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'x-api-key': KEY, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-4o-mini', stream: true, messages: [{ role: 'user', content: 'Hello' }] }),
    });
    one.child.kill('SIGTERM');
    expect((await reply.text()).trimEnd().endsWith('data: [DONE]')).toBe(true);
    expect(await one.exit).toBe(0);
  },
  START_MS,
);

it(
  'says that it leaves for a while before it stops, and stops at once when it is told twice',
  async () => {
    const one = await start(configOf('acme/first').replace('drain_delay_s: 0', 'drain_delay_s: 600'));
    one.child.kill('SIGTERM');
    await until(async () => (await fetch(`${one.data}/readyz`)).status === 503);
    expect((await fetch(`${one.ops}/readyz`)).status).toBe(503);
    expect((await fetch(`${one.ops}/healthz`)).status).toBe(200);
    expect(await modelsOf(one)).toEqual(['acme/first']);
    one.child.kill('SIGTERM');
    expect(await one.exit).toBe(0);
  },
  START_MS,
);

it(
  'says all that is wrong with a configuration and does not start',
  async () => {
    await expect(start('server: { prot: 1 }\nkeyz: []\n')).rejects.toThrow(/prot[^]*keyz/);
  },
  START_MS,
);

/** Process ids of a process's children, from the kernel's process table. */
function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return Number(readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]) === pid;
      } catch {
        return false;
      }
    })
    .map(Number);
}
