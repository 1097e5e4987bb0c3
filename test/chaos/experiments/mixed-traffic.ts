import type { JsonObject } from '@switchyard/contract';
import type { Ask, Reply } from '../client.js';
import { crowdConfig, memberSecret } from '../crowd.js';
import { MODELS, PROVIDER_SECRET } from '../deployment.js';
import type { Deployment } from '../deployment.js';

const MEMBERS = 50;
const UPSTREAM_MODELS = { [MODELS.quick]: 'simulated', [MODELS.late]: 'mock/ttft:200', [MODELS.slow]: 'mock/tps:20' };

/** What upstreams do wrong in one of twenty requests. */
export const FAULTS = [
  { fault: 'status:500', rate: 0.01 },
  { fault: 'status:429:1', rate: 0.005 },
  { fault: 'accept_then_close', rate: 0.01 },
  { fault: 'rst:2', rate: 0.005 },
  { fault: 'sse_no_terminator', rate: 0.005 },
  { fault: 'bad_json:1', rate: 0.005 },
  { fault: 'usage_missing', rate: 0.005 },
  { fault: '200_html', rate: 0.005 },
] as const;

/** A crowd, and two hosts for every model: one speaks another protocol, so that falling back translates. */
export function mixedConfig(upstreamUrl: string): JsonObject {
  const credentials = [{ id: 'main', api_key: PROVIDER_SECRET }];
  const price = { prompt: 0.137, completion: 0.913 };
  return {
    ...crowdConfig(MEMBERS),
    providers: [
      { id: 'host', dialect: 'openai-chat', base_url: `${upstreamUrl}/host/v1`, credentials },
      { id: 'spare', dialect: 'anthropic-messages', base_url: `${upstreamUrl}/spare`, credentials },
    ],
    models: Object.entries(UPSTREAM_MODELS).map(([id, upstreamModel]) => ({
      id,
      context_length: 128_000,
      max_output_tokens: 8_192,
      endpoints: ['host', 'spare'].map((provider) => ({ provider, upstream_model: upstreamModel, price })),
    })),
  };
}

/** Both protocols, with and without streaming, long and short; one client of twenty goes away before it has its answer. */
export function mixedRequest(number: number, deployment: Deployment): Ask {
  const { url } = deployment.gatewayAt(number);
  const kinds: readonly Partial<Ask>[] = [
    { model: MODELS.quick },
    { model: MODELS.quick, protocol: 'messages' },
    { model: MODELS.quick, stream: true },
    { model: MODELS.quick, padding: 2_000 },
    { model: MODELS.quick, stream: true, protocol: 'messages' },
    { model: MODELS.late, stream: true },
    { model: MODELS.quick },
    { model: MODELS.quick, words: 100, maxTokens: 400, stream: true },
    { model: MODELS.quick, protocol: 'messages' },
    { model: MODELS.slow, stream: true, words: 15 },
  ];
  const kind = kinds[number % kinds.length];
  // Goes away at another moment each time; the tenth kind is the one that still runs then.
  const isHasty = number % 20 === 9;
  const what = { url, secret: memberSecret((number * 7) % MEMBERS), tag: String(number), model: MODELS.quick };
  return { ...what, ...kind, ...(isHasty && { patienceMs: 1 + ((number * 37) % 400) }) };
}

/** What is kept of a reply for the books: texts of long experiments are too much. */
export function withoutText(reply: Reply): Reply {
  return { ...reply, text: '', tag: '' };
}
