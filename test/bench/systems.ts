/** The systems that are compared: how each is started, and how it is spoken to. */
import { existsSync, openSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import type { ChildProcesses } from './child-processes.ts';
import type { Cores } from './machine.ts';
import { findPortkey, PORTKEY_VERSION } from './portkey.ts';
import { chatBody, messagesBody, MODEL, requestBytes } from './workload.ts';
import type { AnswerKind, BodySize } from './workload.ts';

export type SystemName = 'direct' | 'bare proxy' | 'Switchyard' | 'Switchyard, translating' | 'Portkey';

export interface System {
  readonly name: SystemName;
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: (size: BodySize, kind: AnswerKind) => string;
  /** Root of the process tree to measure; null for the upstream itself. */
  readonly pid: number | null;
}

export interface Setting {
  readonly children: ChildProcesses;
  readonly cores: Cores | null;
  readonly upstreamPort: number;
  /** For what Switchyard reads and writes; the bench removes it at its end. */
  readonly folder: string;
}

/** Switchyard's log, in the setting's folder. It is written like anybody's, and emptied between the rounds. */
export const LOG_NAME = 'switchyard.log';

const KEY = 'sk-switchyard-bench';
const CHAT = '/v1/chat/completions';

/** The request of one case, as the system wants it. */
export function requestFor(system: System, size: BodySize, kind: AnswerKind): Buffer {
  return requestBytes(system, system.body(size, kind));
}

export function directSystem({ upstreamPort }: Setting): System {
  return { name: 'direct', port: upstreamPort, path: CHAT, headers: {}, body: chatBody, pid: null };
}

export async function startBareProxy({ children, cores, upstreamPort }: Setting): Promise<System> {
  const program = join(import.meta.dirname, 'bare-proxy.ts');
  const { child, port } = await children.startServer({
    args: [program, `http://127.0.0.1:${String(upstreamPort)}`],
    core: cores?.system ?? null,
  });
  const headers = { authorization: `Bearer ${KEY}` };
  return { name: 'bare proxy', port, path: CHAT, headers, body: chatBody, pid: child.pid ?? null };
}

/** Switchyard twice: for a client that speaks the upstream's protocol, and for one whose every byte is translated. */
export async function startSwitchyard(setting: Setting): Promise<readonly System[] | string> {
  const program = resolve('dist/apps/gateway/src/cli.js');
  if (!existsSync(program)) return 'Switchyard is left out: it is not built, run `npm run build`.';
  const { children, cores, upstreamPort, folder } = setting;
  const port = await freePort();
  const configPath = join(folder, 'switchyard.yaml');
  writeFileSync(configPath, switchyardConfig({ port, opsPort: await freePort(), upstreamPort, folder }));
  const child = children.start({
    args: [program, 'start', '--config', configPath],
    core: cores?.system ?? null,
    output: openSync(join(folder, LOG_NAME), 'a'),
    channel: false,
  });
  const common = { port, pid: child.pid ?? null };
  return [
    { ...common, name: 'Switchyard', path: CHAT, headers: { authorization: `Bearer ${KEY}` }, body: chatBody },
    {
      ...common,
      name: 'Switchyard, translating',
      path: '/v1/messages',
      headers: { 'x-api-key': KEY, 'anthropic-version': '2023-06-01' },
      body: messagesBody,
    },
  ];
}

interface SwitchyardPlaces {
  readonly port: number;
  readonly opsPort: number;
  readonly upstreamPort: number;
  readonly folder: string;
}

/** JSON is YAML. */
function switchyardConfig({ port, opsPort, upstreamPort, folder }: SwitchyardPlaces): string {
  return JSON.stringify({
    server: { host: '127.0.0.1', port, ops_port: opsPort, workers: 1 },
    data_dir: join(folder, 'data'),
    catalog: { builtin: false },
    providers: [
      {
        id: 'bench',
        name: 'Bench',
        dialect: 'openai-chat',
        base_url: `http://127.0.0.1:${String(upstreamPort)}/v1`,
        credentials: [{ id: 'main', api_key: 'sk-upstream' }],
      },
    ],
    models: [
      {
        id: MODEL,
        context_length: 131_072,
        max_output_tokens: 16_384,
        modalities: { input: ['text'], output: ['text'] },
        endpoints: [
          {
            provider: 'bench',
            upstream_model: 'm1',
            price: { prompt: 0.1, completion: 0.3 },
            supported_parameters: ['temperature', 'max_tokens', 'stop', 'tools'],
          },
        ],
      },
    ],
    tenants: [{ id: 'bench' }],
    keys: [{ id: 'bench', tenant: 'bench', key: KEY }],
  });
}

export async function startPortkey({ children, cores, upstreamPort }: Setting): Promise<System | string> {
  const program = findPortkey();
  if (program === null) return `Portkey is left out: @portkey-ai/gateway@${PORTKEY_VERSION} could not be installed.`;
  const port = await freePort();
  const child = children.start({
    args: [program, `--port=${String(port)}`, '--headless'],
    core: cores?.system ?? null,
    output: 'ignore',
    channel: false,
  });
  const headers = {
    authorization: `Bearer ${KEY}`,
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `http://127.0.0.1:${String(upstreamPort)}/v1`,
  };
  return { name: 'Portkey', port, path: CHAT, headers, body: chatBody, pid: child.pid ?? null };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
