import { startRig as startAnyRig } from './gateway-harness.js';
import type { Rig } from './gateway-harness.js';

/** Models of the routing rig, named for what is special about them. */
export const PolicyModels = {
  /** At three hosts of differing price, policy and quantization, all OpenAI-compatible. */
  open: 'acme/open',
  /** The same, but never called, only explained. */
  untried: 'acme/untried',
  /** At a host that speaks Messages. */
  messages: 'acme/messages',
  /** Only at a host of unknown data policy. */
  retaining: 'acme/retaining',
  /** Not among the models the key may use. */
  forbidden: 'secret/model',
  /** Every host answers 503. */
  failing: 'acme/failing',
  alsoFailing: 'acme/also-failing',
} as const;

const provider = (id: string, dialect: string, policy: string): string =>
  `  - { id: ${id}, dialect: ${dialect}, base_url: "SIMULATOR/${id}${dialect === 'openai-chat' ? '/v1' : ''}", credentials: [{ id: main, api_key: upstream-secret-${id} }], data_policy: ${policy} }`;

const endpoint = (providerId: string, upstream: string, extra = ''): string =>
  `      - { provider: ${providerId}, upstream_model: "${upstream}", price: { prompt: 1, completion: 2 }${extra} }`;

const threeHosts = (id: string): string => `  - id: ${id}
    endpoints:
      - { provider: alpha, upstream_model: up-open, price: { prompt: 0.1, completion: 0.2 }, prior: { throughput: 10, latency: 2 }, supported_parameters: [tools, temperature, stop] }
      - { provider: beta, upstream_model: up-open, quantization: fp8, price: { prompt: 0.2, completion: 0.4 }, prior: { throughput: 50, latency: 1 }, supported_parameters: [tools, temperature, stop] }
      - { provider: gamma, upstream_model: up-open, quantization: bf16, price: { prompt: 0.4, completion: 0.8 }, prior: { throughput: 90, latency: 0.5 }, supported_parameters: [tools, temperature, stop] }`;

const FAILING_HOSTS = ['f-one', 'f-two', 'f-three'];

const YAML = `
catalog: { builtin: false }
routing: { seed: 42 }
keys:
  - { id: e2e, key: sk-switchyard-e2e-0123456789, policy: { models: ["acme/*"] } }
providers:
${provider('alpha', 'openai-chat', '{}')}
${provider('beta', 'openai-chat', '{ trains: false }')}
${provider('gamma', 'openai-chat', '{ trains: false, retains: false, zdr: true }')}
${provider('speaks-messages', 'anthropic-messages', '{}')}
${FAILING_HOSTS.map((id) => provider(id, 'openai-chat', '{}')).join('\n')}
models:
${[PolicyModels.open, PolicyModels.untried].map(threeHosts).join('\n')}
  - id: ${PolicyModels.messages}
    endpoints:
${endpoint('speaks-messages', 'up-messages')}
  - id: ${PolicyModels.retaining}
    endpoints:
${endpoint('alpha', 'up-retaining')}
  - id: ${PolicyModels.forbidden}
    endpoints:
${endpoint('alpha', 'up-secret')}
  - id: ${PolicyModels.failing}
    endpoints:
${FAILING_HOSTS.map((id) => endpoint(id, 'mock/status:503')).join('\n')}
  - id: ${PolicyModels.alsoFailing}
    endpoints:
${FAILING_HOSTS.slice(1)
  .map((id) => endpoint(id, 'mock/status:503'))
  .join('\n')}
`;

export function startRig(): Promise<Rig> {
  return startAnyRig(YAML);
}
