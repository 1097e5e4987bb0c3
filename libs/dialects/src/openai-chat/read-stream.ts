import type { JsonObject, JsonValue } from '@switchyard/contract';
import { isJsonObject, parseJson } from '@switchyard/contract';
import type { StreamEvent } from '@switchyard/conversation';
import type { AnswerOrigin, StreamReader } from '../dialect.js';
import type { SseFrame } from '../sse/frame.js';
import { AnswerAssembler } from './answer-assembler.js';
import { DeltaTemplate } from './delta-template.js';
import { errorInBody, innerError, invalidAnswer } from './upstream-errors.js';

/** Reads a stream of `chat.completion.chunk`s of any OpenAI-compatible host. */
export class ChatStreamReader implements StreamReader {
  private readonly assembler: AnswerAssembler;
  private template: DeltaTemplate | null = null;

  constructor(origin: AnswerOrigin) {
    this.assembler = new AnswerAssembler(origin);
  }

  read(frame: SseFrame): readonly StreamEvent[] {
    const { data } = frame;
    if (this.assembler.ended || data === '') return [];
    const { template } = this;
    const bare = template !== null && frame.event === null ? template.match(data) : null;
    if (template !== null && bare !== null) return this.assembler.delta(template.delta(bare));
    if (data.trim() === '[DONE]') return this.assembler.end('terminated');
    const chunk = parseChunk(frame);
    this.template = DeltaTemplate.learn(data, chunk, '') ?? template;
    return this.assembler.chunk(chunk);
  }

  end(): readonly StreamEvent[] {
    return this.assembler.ended ? [] : this.assembler.end('closed');
  }
}

/** The frame's JSON object. Throws `UpstreamError` when it is an error or not JSON. */
export function parseChunk(frame: SseFrame): JsonObject {
  let chunk: unknown;
  try {
    chunk = parseJson(frame.data);
  } catch {
    if (frame.event === 'error') throw innerError(frame.data);
    throw invalidAnswer('an event that is not JSON');
  }
  if (frame.event === 'error') throw innerError(chunk as JsonValue);
  if (!isJsonObject(chunk)) throw invalidAnswer('an event that is not a JSON object');
  const error = errorInBody(chunk);
  if (error !== null) throw error;
  return chunk;
}
