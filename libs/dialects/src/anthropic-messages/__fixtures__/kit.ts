import type { Endpoint, JsonObject, Model, ModelTraits, Provider } from '@switchyard/contract';
import type { Answer, Conversation, StreamEvent } from '@switchyard/conversation';
import type { Deviations } from '../../deviations.js';
import type { WriteContext, AnswerOrigin, RequestTarget } from '../../dialect.js';
import type { SseFrame } from '../../sse/frame.js';

/** What the specs of this dialect share: a target, an origin, a client, and frames. */

const PROVIDER: Provider = {
  id: 'anthropic',
  name: 'Anthropic',
  dialect: 'anthropic-messages',
  baseUrl: 'http://127.0.0.1:1',
  credentials: [],
  needsCredential: true,
  dataPolicy: { trains: false, retains: false, zdr: true, retentionDays: 0, regions: [] },
  profile: 'anthropic',
  timeouts: {},
  headers: {},
};

export interface TargetFacts {
  readonly traits?: ModelTraits;
  readonly deviations?: Deviations;
  readonly maxOutputTokens?: number | null;
  readonly origin?: string;
}

export function targetOf(facts: TargetFacts = {}): RequestTarget {
  const modalities = { input: ['text', 'image', 'file'], output: ['text'] } as const;
  const endpoint: Endpoint = {
    tag: 'anthropic',
    modelId: 'acme/m1',
    provider: PROVIDER,
    upstreamModel: 'acme-m1-20260101',
    quantization: null,
    price: {
      prompt: 1,
      completion: 1,
      cacheRead: 1,
      cacheWrite: 1,
      cacheWrite1h: 1,
      reasoning: null,
      audio: null,
      image: null,
      request: null,
      webSearch: null,
    },
    priceTiers: [],
    contextLength: 200_000,
    maxOutputTokens: facts.maxOutputTokens === undefined ? 64_000 : facts.maxOutputTokens,
    modalities,
    supportedParameters: null,
    serviceTier: 'default',
    variant: null,
    dataPolicy: PROVIDER.dataPolicy,
    prior: { throughput: null, latency: null },
    cacheTtlS: 300,
    factsAsOf: null,
  };
  const model: Model = {
    id: 'acme/m1',
    name: 'M1',
    description: '',
    createdS: 0,
    aliases: [],
    distillable: null,
    contextLength: 200_000,
    maxOutputTokens: null,
    modalities,
    traits: facts.traits ?? {},
    endpoints: [endpoint],
  };
  return { endpoint, model, deviations: facts.deviations ?? {}, origin: facts.origin ?? 'anthropic' };
}

export function originOf(parts: Partial<AnswerOrigin> = {}): AnswerOrigin {
  return { origin: 'anthropic', deviations: {}, renamed: new Map(), ...parts };
}

export function contextOf(parts: Partial<WriteContext> = {}): WriteContext {
  return {
    generationId: 'gen1',
    createdS: 1_700_000_000,
    publicModel: 'acme/m1',
    provider: 'openrouter',
    origin: 'openrouter',
    includeUsage: false,
    compatNaga: false,
    costFields: () => null,
    routing: null,
    ...parts,
  };
}

export function conversationOf(parts: Partial<Conversation> = {}): Conversation {
  return {
    model: 'acme/m1',
    system: [],
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
    tools: [],
    stop: [],
    stream: false,
    extras: {},
    ...parts,
  };
}

/** Frames of events as Anthropic sends them, each with its `event:` line. */
export function framesOf(events: readonly JsonObject[]): SseFrame[] {
  return events.map((event) => ({ event: event['type'] as string, data: JSON.stringify(event) }));
}

/** The frames in text that a writer made. Reads only what writers make: whole frames, one line of data each. */
export function parseFrames(text: string): SseFrame[] {
  return text
    .split('\n\n')
    .filter((frame) => frame !== '' && !frame.startsWith(':'))
    .map((frame) => ({ event: lineOf(frame, 'event: '), data: lineOf(frame, 'data: ') ?? '' }));
}

/** Lines end at line feeds only: JSON text may hold other characters that a pattern takes for line ends. */
function lineOf(frame: string, prefix: string): string | null {
  const line = frame.split('\n').find((candidate) => candidate.startsWith(prefix));
  return line === undefined ? null : line.slice(prefix.length);
}

export function eventsIn(text: string): JsonObject[] {
  return parseFrames(text).map((frame) => JSON.parse(frame.data) as JsonObject);
}

/** The events by which an upstream reader would tell this answer. */
export function eventsOf(answer: Answer): StreamEvent[] {
  const { upstreamId, upstreamModel, usage, stopReason } = answer;
  const end: StreamEvent = {
    type: 'message-end',
    usage,
    ...(answer.serviceTier && { serviceTier: answer.serviceTier }),
  };
  return [
    { type: 'message-start', upstreamId, upstreamModel, usage },
    ...answer.content.flatMap(blockEvents),
    { type: 'message-delta', stopReason },
    end,
  ];
}

function blockEvents(block: Answer['content'][number]): StreamEvent[] {
  switch (block.type) {
    case 'text':
      return [
        { type: 'text-start' },
        { type: 'text-delta', text: block.text },
        ...(block.citations ?? []).map((citation): StreamEvent => ({ type: 'citation', citation })),
        { type: 'block-end' },
      ];
    case 'thinking':
      return [
        { type: 'thinking-start' },
        { type: 'thinking-delta', text: block.text },
        ...(block.signature ? [{ type: 'thinking-signature', signature: block.signature } as const] : []),
        { type: 'block-end' },
      ];
    case 'refusal':
      return [{ type: 'refusal-start' }, { type: 'refusal-delta', text: block.text }, { type: 'block-end' }];
    case 'tool-call':
      return [
        { type: 'tool-call-start', id: block.id, name: block.name, kind: block.kind },
        ...Array.from(block.arguments).map((character): StreamEvent => ({
          type: 'tool-call-delta',
          arguments: character,
        })),
        { type: 'block-end' },
      ];
    case 'redacted-thinking':
      return [{ type: 'redacted-thinking', data: block.data }];
    case 'opaque':
      return [{ type: 'opaque', block }];
    default:
      return [{ type: 'image', block }];
  }
}
