import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import type { JsonObject } from '@switchyard/contract';
import { loadConfig } from '../../apps/gateway/src/config/load-config.js';
import { ProcessLog } from '../../apps/gateway/src/process/process-log.js';
import { Supervisor } from '../../apps/gateway/src/process/supervisor.js';
import { startSimulator } from '../../apps/simulator/src/index.js';
import type { RunningSimulator, SimulatorOptions } from '../../apps/simulator/src/index.js';

/** A test process does more than a gateway does, and is late for it. */
const UNHURRIED = 'overload: { max_loop_delay_s: 60 }';

export const KEY = 'sk-switchyard-e2e-0123456789';

/** A gateway in this process with a simulator behind it, both on free loopback ports. */
export interface Rig {
  readonly url: string;
  /** Base URL of the operations port. */
  readonly ops: string;
  readonly simulator: RunningSimulator;
  readonly anthropic: Anthropic;
  readonly openai: OpenAI;
  /** POSTs JSON with the test key; headers and body as given. */
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  /** Requests that reached the simulator since the last call of `forget`. */
  upstreamModels(): string[];
  forget(): void;
  stop(): Promise<void>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: JsonObject;
}

/**
 * `yaml` gets the simulator's base URL in place of `SIMULATOR`. `server`, `keys` and `data_dir` are the rig's. Without
 * providers of its own it serves the shipped catalogue, simulated, as a first start does.
 */
export async function startRig(yaml: string, simulatorOptions: SimulatorOptions = {}): Promise<Rig> {
  const dataDir = mkdtempSync(join(tmpdir(), 'switchyard-e2e-'));
  const simulator = await startSimulator(simulatorOptions);
  const text = `
server: { host: 127.0.0.1, port: 0, ops_port: 0, workers: 0 }
data_dir: ${dataDir}
log: { level: silent }
${yaml.includes('\noverload:') ? '' : UNHURRIED}
${yaml.includes('\nkeys:') ? '' : `keys: [{ id: e2e, key: ${KEY} }]`}
${yaml.replaceAll('SIMULATOR', simulator.url)}
`;
  const loaded = loadConfig({ path: null, text, environment: {} });
  const options = { simulatorUrl: simulator.url };
  const gateway = new Supervisor({ path: null, text }, loaded, new ProcessLog('silent', 'test'), options);
  const { data: url, ops } = await gateway.start();
  return {
    url,
    ops,
    simulator,
    anthropic: new Anthropic({ baseURL: url, apiKey: KEY, maxRetries: 0 }),
    openai: new OpenAI({ baseURL: `${url}/v1`, apiKey: KEY, maxRetries: 0 }),
    post: (path, body, headers = {}) =>
      call(`${url}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    get: (path, headers = {}) => call(`${url}${path}`, { headers: { authorization: `Bearer ${KEY}`, ...headers } }),
    upstreamModels: () => simulator.requests.map((request) => request.model ?? ''),
    forget: () => {
      simulator.clear();
    },
    stop: async () => {
      await simulator.close();
      await gateway.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function call(url: string, init: RequestInit): Promise<Reply> {
  const response = await fetch(url, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parsed(text) };
}

function parsed(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return {};
  }
}

/** One provider of each dialect in front of the simulator, one model at each: every pair of client and upstream. */
export const BOTH_DIALECTS = `
catalog: { builtin: false }
routing: { seed: 42 }
providers:
  - { id: speaks-messages, dialect: anthropic-messages, base_url: "SIMULATOR/speaks-messages", credentials: [{ id: main, api_key: upstream-secret-a }] }
  - { id: speaks-chat, dialect: openai-chat, base_url: "SIMULATOR/speaks-chat/v1", credentials: [{ id: main, api_key: upstream-secret-b }] }
models:
  - id: acme/messages
    context_length: 200000
    max_output_tokens: 16384
    modalities: { input: [text, image, file], output: [text] }
    endpoints:
      - provider: speaks-messages
        upstream_model: simulated-messages
        price: { prompt: 3, completion: 15, cache_read: 0.3, cache_write: 3.75, cache_write_1h: 6 }
        supported_parameters: [tools, tool_choice, parallel_tool_calls, response_format, structured_outputs, temperature, top_p, top_k, stop, reasoning, reasoning_effort]
  - id: acme/chat
    context_length: 128000
    max_output_tokens: 16384
    modalities: { input: [text, image, file], output: [text] }
    endpoints:
      - provider: speaks-chat
        upstream_model: simulated-chat
        price: { prompt: 1, completion: 4, cache_read: 0.1 }
        supported_parameters: [tools, tool_choice, parallel_tool_calls, response_format, structured_outputs, temperature, top_p, stop, seed, reasoning, reasoning_effort]
`;
