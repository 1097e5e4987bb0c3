import { UpstreamError, isJsonObject, parseJson } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import type { StreamEvent } from '@switchyard/conversation';
import type { AnswerOrigin, StreamReader } from '../dialect.js';
import type { SseFrame } from '../sse/frame.js';
import { BlockReader } from './block-reader.js';
import { embeddedFailure } from './errors.js';
import { objectField, objectsField, optional, textField } from './json-fields.js';
import { emptyAnswer, invalidAnswer, readRefusal } from './read-answer.js';
import { readStopReason, settleStopReason } from './stop-reasons.js';
import { UsageReader } from './usage.js';

/** Reads Anthropic's event stream as neutral events, of which the block part is `BlockReader`'s. */
export class AnthropicStreamReader implements StreamReader {
  private phase: 'before' | 'open' | 'done' = 'before';
  private readonly usage = new UsageReader();
  private readonly blocks: BlockReader;
  private ended = false;

  constructor(origin: AnswerOrigin) {
    this.blocks = new BlockReader(origin);
  }

  read(frame: SseFrame): readonly StreamEvent[] {
    if (this.phase === 'done') return [];
    const event = parseFrame(frame);
    if (event === null) return [];
    switch (event['type']) {
      case 'message_start':
        return this.messageStart(event);
      case 'content_block_start':
        this.mustBeOpen('content_block_start');
        if (this.ended) return [];
        return this.blocks.start(objectField(event, 'content_block') ?? {});
      case 'content_block_delta':
        this.mustBeOpen('content_block_delta');
        // Content after the stop reason belongs to nothing.
        if (this.ended) return [];
        return this.blocks.delta(objectField(event, 'delta') ?? {});
      case 'content_block_stop':
        return this.blocks.stop();
      case 'message_delta':
        this.mustBeOpen('message_delta');
        return this.messageDelta(event);
      case 'message_stop':
        this.mustBeOpen('message_stop');
        return this.messageStop();
      case 'error':
        throw new UpstreamError(embeddedFailure(event));
      case 'ping':
        return [{ type: 'ping' }];
      default:
        // New kinds of events are announced as harmless to ignore (Anthropic's versioning policy).
        return [];
    }
  }

  end(): readonly StreamEvent[] {
    if (this.phase !== 'done') throw truncated();
    return [];
  }

  private messageStart(event: JsonObject): readonly StreamEvent[] {
    // Some hosts send it twice; the first one counts.
    if (this.phase === 'open') return [];
    this.phase = 'open';
    const message = objectField(event, 'message') ?? {};
    this.usage.read(message['usage']);
    const start: StreamEvent = {
      type: 'message-start',
      upstreamId: textField(message, 'id') ?? '',
      upstreamModel: textField(message, 'model') ?? '',
      usage: this.usage.report(),
      ...optional('serviceTier', this.usage.serviceTier),
    };
    // A message that continues after programmatic tool calls starts with the blocks it already has.
    const blocks = objectsField(message, 'content').flatMap((block) => [
      ...this.blocks.start(block),
      ...this.blocks.stop(),
    ]);
    return [start, ...blocks];
  }

  private messageDelta(event: JsonObject): readonly StreamEvent[] {
    this.usage.read(event['usage']);
    const delta = objectField(event, 'delta') ?? {};
    const reason = textField(delta, 'stop_reason');
    return reason === undefined || this.ended ? [] : this.endOfTurn(reason, delta);
  }

  private endOfTurn(reason: string, delta: JsonObject): readonly StreamEvent[] {
    this.ended = true;
    const left = this.blocks.stop();
    const stopReason = settleStopReason(readStopReason(reason), {
      hasToolCall: this.blocks.hasToolCall,
      hasRefusal: false,
    });
    if (stopReason === 'end' && !this.blocks.hasContent) throw emptyAnswer();
    return [
      ...left,
      {
        type: 'message-delta',
        stopReason,
        ...optional('stopSequence', textField(delta, 'stop_sequence')),
        ...optional('refusal', readRefusal(delta)),
      },
    ];
  }

  private messageStop(): readonly StreamEvent[] {
    const ending = this.ended ? [] : this.endOfTurn('end_turn', {});
    this.phase = 'done';
    const end: StreamEvent = {
      type: 'message-end',
      usage: this.usage.report(),
      ...optional('serviceTier', this.usage.serviceTier),
    };
    return [...ending, end];
  }

  private mustBeOpen(type: string): void {
    if (this.phase !== 'open') throw invalidAnswer(`The upstream's stream has ${type} before message_start.`);
  }
}

/** The event in a frame, its type from the `event:` line where the JSON names none; null for a frame that holds no event. */
export function parseFrame(frame: SseFrame): JsonObject | null {
  // `[DONE]` is OpenAI's terminator, which some hosts send on every stream.
  if (frame.data === '' || frame.data === '[DONE]') return null;
  let event: unknown;
  try {
    event = parseJson(frame.data);
  } catch {
    throw invalidAnswer('The upstream sent an event that is not JSON.');
  }
  if (!isJsonObject(event)) throw invalidAnswer('The upstream sent an event that is not an object.');
  if (typeof event['type'] === 'string') return event;
  if (frame.event !== null) return { ...event, type: frame.event };
  return isJsonObject(event['error']) ? { ...event, type: 'error' } : event;
}

export function truncated(): UpstreamError {
  return new UpstreamError({
    class: 'truncated',
    status: 200,
    message: 'The upstream stream ended before its answer did.',
  });
}
