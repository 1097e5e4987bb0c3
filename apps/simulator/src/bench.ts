import type { ServerResponse } from 'node:http';
import type { SimulatedDialectId } from './voice.js';

const BENCH_MODEL = /"model"\s*:\s*"(?:[^"]*[/+])?bench(?::(\d+))?(?::(\d+))?"/;
const STREAM = /"stream"\s*:\s*true/;
const USAGE = /"include_usage"\s*:\s*true/;
const DEFAULT_CHUNKS = 100;
const JSON_BYTES = 620;
const WORD = 'wagon ';

/** What a request for the model `bench[:chunks[:gap_ms]]` asks for. */
export interface BenchOrder {
  readonly stream: boolean;
  readonly usage: boolean;
  readonly chunks: number;
  readonly gapMs: number;
}

interface BenchScript {
  readonly json: Buffer;
  readonly start: Buffer;
  readonly chunk: Buffer;
  end(order: BenchOrder): string;
}

/** Reads the order off the raw body, without parsing it. Null for every other model. */
export function benchOrder(body: Buffer): BenchOrder | null {
  if (!body.includes('bench')) return null;
  const text = body.toString('latin1');
  const match = BENCH_MODEL.exec(text);
  if (match === null) return null;
  const [, chunks, gapMs] = match;
  return {
    stream: STREAM.test(text),
    usage: USAGE.test(text),
    chunks: Number(chunks ?? DEFAULT_CHUNKS),
    gapMs: Number(gapMs ?? 0),
  };
}

/** Answers with next to no work: a constant JSON body of about 620 bytes, or a stream of constant chunks. */
export function playBench(response: ServerResponse, dialect: SimulatedDialectId, order: BenchOrder): void {
  const script = SCRIPTS[dialect];
  if (!order.stream) {
    const length = script.json.length;
    response.writeHead(200, ['content-type', 'application/json', 'content-length', String(length)]).end(script.json);
    return;
  }
  response.writeHead(200, ['content-type', 'text/event-stream; charset=utf-8', 'cache-control', 'no-cache']);
  response.write(script.start);
  if (order.gapMs > 0) playAtIntervals(response, script, order);
  else playAtOnce(response, script, order, order.chunks);
}

function playAtIntervals(response: ServerResponse, script: BenchScript, order: BenchOrder): void {
  let left = order.chunks;
  const timer = setInterval(() => {
    if (left > 0) {
      left -= 1;
      response.write(script.chunk);
      return;
    }
    clearInterval(timer);
    response.end(script.end(order));
  }, order.gapMs);
  response.once('close', () => clearInterval(timer));
}

/** Goes on when the reader has room again, so that a slow one does not fill the memory. */
function playAtOnce(response: ServerResponse, script: BenchScript, order: BenchOrder, chunks: number): void {
  for (let left = chunks; left > 0; left -= 1) {
    if (response.write(script.chunk)) continue;
    response.once('drain', () => playAtOnce(response, script, order, left - 1));
    return;
  }
  response.end(script.end(order));
}

/** Fills the text of `body` until its JSON is `JSON_BYTES` long. */
function padded(body: (text: string) => object): Buffer {
  const empty = JSON.stringify(body('')).length;
  const text = WORD.repeat(JSON_BYTES / WORD.length).slice(0, JSON_BYTES - empty);
  return Buffer.from(JSON.stringify(body(text)));
}

function named(event: { readonly type: string } & Record<string, unknown>): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

function unnamed(chunk: object): string {
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

const MESSAGE = { id: 'msg_01bench', type: 'message', role: 'assistant', model: 'bench' };
const PROMPT_USAGE = { input_tokens: 20, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };

const ANTHROPIC: BenchScript = {
  json: padded((text) => ({
    ...MESSAGE,
    content: [{ type: 'text', text }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { ...PROMPT_USAGE, output_tokens: 60 },
  })),
  start: Buffer.from(
    named({
      type: 'message_start',
      message: { ...MESSAGE, content: [], stop_reason: null, usage: { ...PROMPT_USAGE, output_tokens: 1 } },
    }) + named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
  ),
  chunk: Buffer.from(named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: WORD } })),
  end: (order) =>
    named({ type: 'content_block_stop', index: 0 }) +
    named({
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { ...PROMPT_USAGE, output_tokens: order.chunks },
    }) +
    named({ type: 'message_stop' }),
};

const COMPLETION = { id: 'chatcmpl-bench', created: 1_760_000_000, model: 'bench', system_fingerprint: 'fp_bench' };
const CHUNK = { ...COMPLETION, object: 'chat.completion.chunk' };

const OPENAI: BenchScript = {
  json: padded((text) => ({
    ...COMPLETION,
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content: text }, logprobs: null, finish_reason: 'stop' }],
    usage: { prompt_tokens: 20, completion_tokens: 60, total_tokens: 80 },
  })),
  start: Buffer.from(chatChunk({ role: 'assistant', content: '' }, null)),
  chunk: Buffer.from(chatChunk({ content: WORD }, null)),
  end: (order) => {
    const usage = { prompt_tokens: 20, completion_tokens: order.chunks, total_tokens: 20 + order.chunks };
    const usageChunk = order.usage ? unnamed({ ...CHUNK, choices: [], usage }) : '';
    return `${chatChunk({}, 'stop')}${usageChunk}data: [DONE]\n\n`;
  },
};

function chatChunk(delta: object, finish: string | null): string {
  return unnamed({ ...CHUNK, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] });
}

const SCRIPTS: Readonly<Record<SimulatedDialectId, BenchScript>> = {
  'anthropic-messages': ANTHROPIC,
  'openai-chat': OPENAI,
};
