/**
 * What every system is asked and what the upstream answers, in bytes. One place, so that the systems are compared on
 * the same work.
 */

export const EVENTS_PER_STREAM = 200;
export const MODEL = 'bench/m1';

/**
 * What is asked for: one JSON answer, or a stream whose events are written all at once (`burst`), one by one without a
 * pause (`stream`), or one every 5 ms (`paced`).
 */
export type AnswerKind = 'json' | 'burst' | 'stream' | 'paced';

/** Words in a conversation that tell the upstream how to stream: content reaches it through every system. */
export const STREAM_MARKS: Readonly<Record<'burst' | 'paced', string>> = {
  burst: 'all at once, please',
  paced: 'take your time, please',
};

export type BodySize = 'small' | 'large';

/** Filler text that brings the whole chat body to about 0.3 KB and 20 KB. */
const FILLER_BYTES: Readonly<Record<BodySize, number>> = { small: 130, large: 19_800 };

const SENTENCE = 'Routing gateways forward a conversation to the endpoint that may serve it. ';

function question(size: BodySize, kind: AnswerKind): string {
  const text = filler(FILLER_BYTES[size]);
  return kind === 'burst' || kind === 'paced' ? `${text} ${STREAM_MARKS[kind]}` : text;
}

function filler(bytes: number): string {
  return SENTENCE.repeat(Math.ceil(bytes / SENTENCE.length)).slice(0, bytes);
}

/** A request body for `/v1/chat/completions`. */
export function chatBody(size: BodySize, kind: AnswerKind): string {
  return JSON.stringify({
    model: MODEL,
    messages: [
      { role: 'system', content: 'Answer in one short paragraph.' },
      { role: 'user', content: question(size, kind) },
    ],
    max_tokens: 256,
    temperature: 0.7,
    stream: kind !== 'json',
  });
}

/** The same conversation for `/v1/messages`. */
export function messagesBody(size: BodySize, kind: AnswerKind): string {
  return JSON.stringify({
    model: MODEL,
    system: 'Answer in one short paragraph.',
    messages: [{ role: 'user', content: question(size, kind) }],
    max_tokens: 256,
    temperature: 0.7,
    stream: kind !== 'json',
  });
}

/** The upstream's JSON answer, about 620 bytes. */
export function chatAnswer(): string {
  return JSON.stringify({
    id: 'chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT',
    object: 'chat.completion',
    created: 1_790_000_000,
    model: 'm1',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: filler(240), refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: {
      prompt_tokens: 52,
      completion_tokens: 48,
      total_tokens: 100,
      prompt_tokens_details: { cached_tokens: 0 },
    },
    system_fingerprint: 'fp_44709d6fcb',
  });
}

/** The upstream's stream, event by event, each about 150 bytes of JSON and framing, the terminator included. */
export function streamEvents(): readonly string[] {
  const chunk = (delta: object, finish: string | null, usage?: object): string =>
    `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1_790_000_000, model: 'm1', choices: [{ index: 0, delta, finish_reason: finish }], usage })}\n\n`;
  const texts = Array.from({ length: EVENTS_PER_STREAM - 3 }, (_, index) =>
    chunk({ content: ` w${String(index)}` }, null),
  );
  return [
    chunk({ role: 'assistant', content: '' }, null),
    ...texts,
    chunk({}, 'stop', { prompt_tokens: 52, completion_tokens: 197, total_tokens: 249 }),
    'data: [DONE]\n\n',
  ];
}

export interface RequestTarget {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A whole HTTP/1.1 request, ready for a socket. */
export function requestBytes({ port, path, headers }: RequestTarget, body: string): Buffer {
  const lines = [
    `POST ${path} HTTP/1.1`,
    `host: 127.0.0.1:${String(port)}`,
    'content-type: application/json',
    `content-length: ${String(Buffer.byteLength(body))}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
}
