import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metrics } from '@switchyard/telemetry';
import { ConfigError } from '../config/config-error.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { NO_STORED_IDENTITY } from '../control/runtime-state.js';
import { ConfigKeeper, needsNewWorkers } from './config-keeper.js';
import { loadSource, readSource } from './load-runtime.js';
import { ProcessLog } from './process-log.js';

interface Rig {
  readonly keeper: ConfigKeeper;
  readonly applied: GatewayConfig[];
  readonly metrics: Metrics;
  write(sections: string): void;
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-keeper-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const BASE = `
log: { level: silent }
catalog: { builtin: false }
security: { pepper: "a pepper of at least thirty-two bytes", encryption_key: "a key of at least thirty-two bytes too" }
providers: [{ id: lab, dialect: openai-chat, base_url: "http://127.0.0.1:9/v1", needs_credential: false }]
models: [{ id: acme/m, endpoints: [{ provider: lab, price: { prompt: 1, completion: 1 } }] }]
keys: [{ id: ci, key: sk-ci-0123456789abcdef }]
`;

function start(sections = ''): Rig {
  const path = join(folder, 'switchyard.yaml');
  const write = (text: string): void => {
    writeFileSync(path, `${BASE}data_dir: ${folder}\n${text}`);
  };
  write(sections);
  const source = readSource(path);
  const metrics = new Metrics();
  const applied: GatewayConfig[] = [];
  const log = new ProcessLog('silent', 'test');
  const identity = (): typeof NO_STORED_IDENTITY => NO_STORED_IDENTITY;
  const onApplied = (next: GatewayConfig): void => void applied.push(next);
  return {
    keeper: new ConfigKeeper(source, loadSource(source), { log, metrics, identity, onApplied }),
    applied,
    metrics,
    write,
  };
}

const golden = (model: string): string =>
  `golden_requests: [{ name: smoke, key: ci, body: { model: ${model}, max_tokens: 9, messages: [{ role: user, content: Hi }] } }]`;

describe('the configuration in force', () => {
  it('has a version that grows by one with each that comes into force, and with nothing else', async () => {
    const { keeper, applied, metrics, write } = start();
    keeper.begin();
    const first = keeper.status;
    expect(first).toMatchObject({
      version: 1,
      source: join(folder, 'switchyard.yaml'),
      lastRefused: null,
      notices: [],
    });
    expect(keeper.reload('test')).toEqual([]);
    expect(keeper.status).toEqual(first);

    write('routing: { seed: 7 }');
    expect(keeper.reload('test')).toEqual([]);
    expect(keeper.status.version).toBe(2);
    expect(keeper.status.hash).not.toBe(first.hash);
    expect(applied.map(({ routing }) => routing.seed)).toEqual([7]);
    expect(await metrics.render()).toMatch(/switchyard_config_version 2\n/);
    expect(await metrics.render()).toMatch(/switchyard_config_reloads_total\{result="applied"\} 1\n/);
  });

  it.each([
    ['is no YAML', 'a: [', ''],
    ['has a fault', 'routing: { sed: 1 }', 'routing.sed'],
    ['is too long', `# ${'x'.repeat(1024 * 1024)}`, ''],
    [
      'says more than it is long',
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [${'*b,'.repeat(200)}]`,
      '',
    ],
    ['cannot route a golden request', golden('acme/none'), 'golden_requests[0]'],
  ])('stays when the next %s', async (_what, sections, path) => {
    const { keeper, applied, metrics, write } = start();
    write(sections);
    const faults = keeper.reload('a test');
    expect(faults.map((fault) => fault.path)).toContain(path);
    expect(keeper.status).toMatchObject({ version: 1, lastRefused: { cause: 'a test', faults } });
    expect(applied).toEqual([]);
    expect(await metrics.render()).toMatch(/switchyard_config_reloads_total\{result="refused"\} 1\n/);
  });

  it('stays when the file is emptied, as one is that is about to be written', () => {
    const { keeper } = start();
    writeFileSync(join(folder, 'switchyard.yaml'), '\n');
    expect(keeper.reload('test')).toEqual([expect.objectContaining({ value: 'an empty file' })]);
    expect(keeper.status.version).toBe(1);
  });

  it('follows its file once it was left alone, and not in between', async () => {
    const { keeper, applied, write } = start();
    keeper.watch();
    try {
      for (let seed = 1; seed <= 20; seed += 1) {
        write(`routing: { seed: ${seed} }`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const isFollowed = (): boolean => applied.at(-1)?.routing.seed === 20;
      for (const endMs = performance.now() + 10_000; !isFollowed() && performance.now() < endMs;) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(isFollowed()).toBe(true);
      // A machine that stands still for a moment leaves the file alone, too; but not after each of twenty writes.
      expect(applied.length).toBeLessThan(20);
    } finally {
      keeper.stop();
    }
  });

  it('does not begin when it cannot route a golden request', () => {
    expect(() => {
      start(golden('acme/none')).keeper.begin();
    }).toThrow(ConfigError);
    expect(() => {
      start(golden('acme/m')).keeper.begin();
    }).not.toThrow();
  });

  it('says which changes need a restart, and what they were to be is kept from workers', () => {
    const { keeper, write } = start();
    write('server: { port: 7777 }\nredis: { url: "redis://127.0.0.1:7" }');
    keeper.reload('test');
    const paths = keeper.status.notices.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['server.port', 'redis']));
    expect(keeper.fixed).toMatchObject({ redis: null, server: { port: 8080 } });
  });

  it('tells of a key that reached a model and reaches none any more', () => {
    const { keeper, write } = start();
    keeper.begin();
    write('routing: { policy: { only: [nobody] } }');
    keeper.reload('test');
    expect(keeper.status.notices).toContainEqual(expect.objectContaining({ path: 'keys[0]' }));
  });

  it('shows no secret', () => {
    const { keeper, write } = start();
    write(
      'keys: [{ id: ci, key: sk-ci-0123456789abcdef }, { id: ci, key: sk-other-0123456789abcdef }]\nx: sk-third-0123456789',
    );
    keeper.reload('test');
    expect(JSON.stringify(keeper.status)).not.toMatch(/0123456789|thirty-two/);
  });
});

describe('a change', () => {
  it.each([
    ['client_keep_alive_s', 'timeouts: { client_keep_alive_s: 9 }', true],
    ['the journal', 'journal: { durability: disk }', true],
    ['a model', 'routing: { seed: 3 }', false],
  ])('of %s', (_what, sections, isNeeded) => {
    const { keeper, applied, write } = start();
    const before = keeper.current.config;
    write(sections);
    keeper.reload('test');
    expect(applied.map((next) => needsNewWorkers(before, next))).toEqual([isNeeded]);
  });
});
