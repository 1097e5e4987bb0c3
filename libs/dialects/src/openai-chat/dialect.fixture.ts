import type { Endpoint, Model, ModelTraits, Price, Provider } from '@switchyard/contract';
import { fold } from '@switchyard/conversation';
import type { Answer, Conversation, StreamEvent } from '@switchyard/conversation';
import type { Deviations } from '../deviations.js';
import type { WriteContext, AnswerOrigin, RequestTarget, StreamReader } from '../dialect.js';
import type { SseFrame } from '../sse/frame.js';

const FREE: Price = {
  prompt: 0,
  completion: 0,
  cacheRead: 0,
  cacheWrite: 0,
  cacheWrite1h: 0,
  reasoning: null,
  audio: null,
  image: 0,
  request: 0,
  webSearch: null,
};

const PROVIDER: Provider = {
  id: 'host',
  name: 'Host',
  dialect: 'openai-chat',
  baseUrl: 'http://127.0.0.1/v1',
  credentials: [],
  needsCredential: false,
  dataPolicy: { trains: null, retains: null, zdr: null, retentionDays: null, regions: [] },
  profile: 'host',
  timeouts: {},
  headers: {},
};

export interface TargetChanges {
  readonly deviations?: Deviations;
  readonly traits?: ModelTraits;
  readonly endpoint?: Partial<Endpoint>;
  readonly model?: Partial<Model>;
  readonly origin?: string;
}

/** A request target with nothing peculiar about it but what is asked for. */
export function target(changes: TargetChanges = {}): RequestTarget {
  const modalities = { input: ['text', 'image'], output: ['text'] } as const;
  const endpoint: Endpoint = {
    tag: 'host',
    modelId: 'acme/m1',
    provider: PROVIDER,
    upstreamModel: 'acme-m1-turbo',
    quantization: null,
    price: FREE,
    priceTiers: [],
    contextLength: 131_072,
    maxOutputTokens: 16_384,
    modalities,
    supportedParameters: null,
    serviceTier: 'default',
    variant: null,
    dataPolicy: PROVIDER.dataPolicy,
    prior: { throughput: null, latency: null },
    cacheTtlS: 300,
    factsAsOf: null,
    ...changes.endpoint,
  };
  const model: Model = {
    id: 'acme/m1',
    name: 'M1',
    description: '',
    createdS: 0,
    aliases: [],
    distillable: null,
    contextLength: 131_072,
    maxOutputTokens: 16_384,
    modalities,
    traits: changes.traits ?? {},
    endpoints: [endpoint],
    ...changes.model,
  };
  return { endpoint, model, deviations: changes.deviations ?? {}, origin: changes.origin ?? 'host' };
}

export function origin(deviations: Deviations = {}, renamed: ReadonlyMap<string, string> = new Map()): AnswerOrigin {
  return { origin: 'host', deviations, renamed };
}

export function context(changes: Partial<WriteContext> = {}): WriteContext {
  return {
    generationId: 'g1',
    createdS: 1_700_000_000,
    publicModel: 'acme/m1',
    provider: 'host',
    origin: 'host',
    includeUsage: true,
    compatNaga: false,
    costFields: () => null,
    routing: null,
    ...changes,
  };
}

export const EMPTY_CONVERSATION: Conversation = {
  model: 'acme/m1',
  system: [],
  messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
  tools: [],
  stop: [],
  stream: false,
  extras: {},
};

export function conversation(changes: Partial<Conversation>): Conversation {
  return { ...EMPTY_CONVERSATION, ...changes };
}

/** Frames of a stream, each a payload (an object, or text such as `[DONE]`). */
export function frames(payloads: readonly unknown[]): readonly SseFrame[] {
  return payloads.map((payload) => ({
    event: null,
    data: typeof payload === 'string' ? payload : JSON.stringify(payload),
  }));
}

/** A chunk with one choice. */
export function chunk(delta: object | null, finishReason: string | null = null, more: object = {}): object {
  return {
    id: 'c1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, ...(delta && { delta }), finish_reason: finishReason }],
    ...more,
  };
}

/** The payloads of the data lines of an event stream's text. */
export function payloadsOf(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice('data: '.length)] : []));
}

export function readAll(reader: StreamReader, all: readonly SseFrame[]): readonly StreamEvent[] {
  return [...all.flatMap((frame) => reader.read(frame)), ...reader.end()];
}

export function readFolded(reader: StreamReader, all: readonly SseFrame[]): Answer {
  return fold(readAll(reader, all));
}

/** Throws when events break the grammar of the vocabulary; accepts what is cut off at any point. */
export function checkGrammar(events: readonly StreamEvent[]): void {
  let open: string | null = null;
  let phase: 'before' | 'content' | 'stopped' | 'ended' = 'before';
  const require = (holds: boolean, event: StreamEvent): void => {
    if (!holds) throw new Error(`${event.type} in phase ${phase}, open block: ${open ?? 'none'}`);
  };
  const opens: Partial<Record<StreamEvent['type'], string>> = {
    'text-start': 'text',
    'thinking-start': 'thinking',
    'refusal-start': 'refusal',
    'tool-call-start': 'tool-call',
  };
  const within: Partial<Record<StreamEvent['type'], string>> = {
    'text-delta': 'text',
    citation: 'text',
    'thinking-delta': 'thinking',
    'thinking-signature': 'thinking',
    'refusal-delta': 'refusal',
    'tool-call-delta': 'tool-call',
  };
  for (const event of events) {
    if (event.type === 'ping') continue;
    if (event.type === 'message-start') {
      require(phase === 'before', event);
      phase = 'content';
    } else if (opens[event.type] !== undefined) {
      require(phase === 'content' && open === null, event);
      open = opens[event.type] ?? null;
    } else if (within[event.type] !== undefined) {
      require(phase === 'content' && open === within[event.type], event);
    } else if (event.type === 'block-end') {
      require(open !== null, event);
      open = null;
    } else if (event.type === 'message-delta') {
      require(phase === 'content' && open === null, event);
      phase = 'stopped';
    } else if (event.type === 'message-end') {
      require(phase === 'stopped', event);
      phase = 'ended';
    } else {
      require(phase === 'content' && open === null, event);
    }
  }
}
