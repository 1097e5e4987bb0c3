import type { JsonObject } from '@switchyard/contract';
import { load } from '../client.js';
import type { Ask, Reply } from '../client.js';
import { Deployment, PROVIDER_SECRET } from '../deployment.js';
import type { ExperimentOptions } from '../experiment.js';
import { rounded, Verdict } from '../verdict.js';
import { otherAnswers } from './answers.js';
import { saidIn } from './said-in.js';

const TENANTS = 10;
const REQUESTS = 100_000;
const CONNECTIONS = 40;
const FULL_MS = 150_000;
const QUICK_MS = 8_000;
/** What an upstream that answers twice says the second time. */
const STRANGER = 'stranger';
const CANARY = /canary-\d+-\d+-end/g;
/** Share of whole answers that must repeat what they were told: the search finds what is there. */
const WITNESSES = 0.99;

/** The first one puts an answer that nobody asked for on a connection that is used again. */
const FAULTS = [
  { fault: 'extra_response', rate: 0.01 },
  { fault: 'rst:2', rate: 0.01 },
  { fault: 'accept_then_close', rate: 0.01 },
  { fault: 'chunk_cut:2', rate: 0.01 },
  { fault: 'split_utf8', rate: 0.01 },
  { fault: 'status:500', rate: 0.01 },
  { fault: 'sse_no_terminator', rate: 0.005 },
  { fault: 'echo_secret:500', rate: 0.005 },
] as const;

/** Ten tenants on the same connections, each request with a word of its own that the answer repeats: no answer has another's. */
export async function crossTenant({ program, isQuick }: ExperimentOptions): Promise<readonly Verdict[]> {
  const verdict = new Verdict('ten tenants on the same connections');
  const deployment = await Deployment.start({
    ...{ program, gateways: 1, workers: 2, redis: [], postgres: true },
    config: configOf,
  });
  try {
    for (const provider of ['host', 'other']) deployment.upstream.setFaults(provider, FAULTS);
    const endMs = performance.now() + (isQuick ? QUICK_MS : FULL_MS);
    let sent = 0;
    const next = (): Ask | null =>
      sent < REQUESTS && performance.now() < endMs ? requestOf((sent += 1), deployment.gateway.url) : null;
    const seen = new Sightings();
    await load(CONNECTIONS, next, (reply) => {
      seen.look(reply);
    });
    verdict.figure('requests', sent);
    verdict.figure('whole_answers', seen.whole);
    verdict.figure('witnesses_share', rounded(seen.own / Math.max(1, seen.whole), 4));
    verdict.figure('other_answers', otherAnswers(seen.others));
    verdict.expect('the answers do not repeat what they were told', seen.own >= WITNESSES * seen.whole);
    verdict.same('foreign', seen.foreign.length, 0);
    if (seen.foreign.length > 0) verdict.figure('examples', seen.foreign.slice(0, 3));
  } finally {
    await deployment.remove();
  }
  return [verdict];
}

/** What was found in answers. */
class Sightings {
  whole = 0;
  /** Whole answers that repeat what they were told. */
  own = 0;
  /** Answers with what belongs to another request, by their tags. */
  readonly foreign: string[] = [];
  readonly others: Reply[] = [];

  look(reply: Reply): void {
    const said = saidIn(reply.text);
    // In what was said, and anywhere else in the answer: an error, a field, an event.
    const found = [...said.matchAll(CANARY), ...reply.text.matchAll(CANARY)].map(([canary]) => canary);
    if (found.some((canary) => canary !== reply.tag)) this.foreign.push(`${reply.tag} got ${found.join(' ')}`);
    if (reply.text.includes(STRANGER)) this.foreign.push(`${reply.tag} got the answer of a stranger`);
    if (reply.isWhole) this.whole += 1;
    else if (reply.status !== 200) this.others.push({ ...reply, text: '' });
    if (reply.isWhole && found.includes(reply.tag)) this.own += 1;
  }
}

function configOf(upstreamUrl: string): JsonObject {
  const credentials = [{ id: 'main', api_key: PROVIDER_SECRET }];
  const tenants = Array.from({ length: TENANTS }, (_, tenant) => tenant);
  const endpoint = {
    upstream_model: 'simulated',
    price: { prompt: 1, completion: 4 },
    supported_parameters: ['tools'],
  };
  const model = (id: string, providers: readonly string[]): JsonObject => ({
    id,
    context_length: 128_000,
    endpoints: providers.map((provider) => ({ provider, ...endpoint })),
  });
  return {
    providers: [
      { id: 'host', dialect: 'openai-chat', base_url: `${upstreamUrl}/host/v1`, credentials },
      { id: 'other', dialect: 'anthropic-messages', base_url: `${upstreamUrl}/other`, credentials },
    ],
    models: [model('acme/chat', ['host', 'other']), model('acme/messages', ['other', 'host'])],
    tenants: tenants.map((tenant) => ({ id: `tenant-${tenant}`, limits: { concurrency: 1_000 } })),
    keys: tenants.map((tenant) => ({ id: `key-${tenant}`, tenant: `tenant-${tenant}`, key: secretOf(tenant) })),
  };
}

function secretOf(tenant: number): string {
  return `sk-cross-${tenant}-0123456789`;
}

/** The simulator repeats what a tool answered. */
function requestOf(number: number, url: string): Ask {
  const tenant = number % TENANTS;
  const tag = `canary-${tenant}-${number}-end`;
  const protocol = number % 3 === 0 ? 'messages' : 'chat';
  const model = number % 4 === 0 ? 'acme/messages' : 'acme/chat';
  const stream = number % 7 < 4;
  const messages = protocol === 'chat' ? chatMessages(tag) : anthropicMessages(tag);
  const body = { model, stream, max_tokens: 100, messages };
  return { url, secret: secretOf(tenant), tag, model, stream, protocol, body };
}

function chatMessages(canary: string): JsonObject[] {
  const call = { id: 'call_1', type: 'function', function: { name: 'look_up', arguments: '{}' } };
  return [
    { role: 'user', content: 'Look it up.' },
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: 'call_1', content: canary },
  ];
}

function anthropicMessages(canary: string): JsonObject[] {
  return [
    { role: 'user', content: 'Look it up.' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'look_up', input: {} }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: canary }] },
  ];
}
