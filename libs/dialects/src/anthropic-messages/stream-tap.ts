import { UpstreamError, isJsonObject } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import type { AnswerContext, StreamProgress, StreamTap } from '../dialect.js';
import { freshProgress } from '../relay/stream-relay.js';
import { sseFrame } from '../sse/frame.js';
import type { SseFrame } from '../sse/frame.js';
import { embeddedFailure } from './errors.js';
import { arrayField, objectField, textField } from './json-fields.js';
import { contentLength } from './pass-through.js';
import { emptyAnswer, hasSubstance, invalidAnswer } from './read-answer.js';
import { parseFrame, truncated } from './read-stream.js';
import { readStopReason } from './stop-reasons.js';
import { UsageReader, writeUsage } from './usage.js';

/**
 * A delta of content exactly as Anthropic spells it: valid JSON and nothing else in it, so it need not be parsed. Any other
 * spelling is parsed.
 */
const PLAIN_DELTA =
  // eslint-disable-next-line no-control-regex -- JSON strings may not hold control characters
  /^\{"type":"content_block_delta","index":(\d+),"delta":\{"type":"(?:text_delta","text|thinking_delta","thinking|input_json_delta","partial_json)":"([^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*)"\}\}$/;

/** Where the kinds of delta that are counted keep their text; a delta of another kind is content of unknown length. */
const CONTENT_KEYS = ['text', 'thinking', 'partial_json'] as const;

/** The type of an event, found at the head of its JSON without parsing it. */
const TYPE_AT_HEAD = /^\s*\{\s*"type"\s*:\s*"([^"\\]*)"/;

/**
 * Hands Anthropic's events through as they are, every one named by its `event:` line, and keeps account of them. Only
 * the few that carry usage, the model or the end are parsed; deltas are known by a few bytes, and kinds of events that
 * do not exist yet pass untouched.
 */
export class AnthropicStreamTap implements StreamTap {
  readonly progress: StreamProgress = freshProgress();
  private readonly usage = new UsageReader();
  private phase: 'before' | 'open' | 'done' = 'before';
  private lastIndex = -1;
  /** The highest index of a block that is there, those of the start included. */
  private begun = -1;
  private hasContent = false;
  private routed = false;

  constructor(private readonly context: AnswerContext) {}

  pass(frame: SseFrame): string {
    if (this.phase === 'done' || frame.data === '' || frame.data === '[DONE]') return '';
    const type = typeOf(frame);
    switch (type) {
      case 'message_start':
        return this.messageStart(frame);
      case 'content_block_start':
        this.mustBeOpen(type);
        if (this.stopped) return '';
        this.observeStart(parseFrame(frame) ?? {});
        break;
      case 'content_block_delta':
        this.mustBeOpen(type);
        if (this.stopped) return '';
        this.observeDelta(frame);
        break;
      case 'content_block_stop':
        this.mustBeOpen(type);
        if (this.stopped) return '';
        this.mustBeJson(frame);
        break;
      case 'message_delta':
        this.mustBeOpen(type);
        return this.messageDelta(frame);
      case 'message_stop':
        this.mustBeOpen(type);
        this.messageStop();
        break;
      case 'error':
        throw new UpstreamError(embeddedFailure(parseFrame(frame) ?? {}));
      default:
        this.mustBeJson(frame);
    }
    return sseFrame(type, frame.data);
  }

  end(): string {
    if (this.phase !== 'done') throw truncated();
    return '';
  }

  private messageStart(frame: SseFrame): string {
    // Clients throw on a second one; the first counts.
    if (this.phase === 'open') return '';
    this.phase = 'open';
    const event = parseFrame(frame) ?? {};
    const message = objectField(event, 'message') ?? {};
    this.usage.read(message['usage']);
    this.progress.upstreamId = textField(message, 'id') ?? '';
    this.progress.upstreamModel = textField(message, 'model') ?? '';
    this.noteUsage();
    const blocks = arrayField(message, 'content');
    this.begun = blocks.length - 1;
    for (const block of blocks) {
      if (isJsonObject(block)) this.noteBlock(block);
    }
    const created = this.context.compatNaga ? { created: this.context.createdS } : {};
    const edited = { ...message, model: this.context.publicModel, usage: this.usageOf(message), ...created };
    return sseFrame('message_start', JSON.stringify({ ...event, message: edited }));
  }

  private observeStart(event: JsonObject): void {
    const index = event['index'];
    if (typeof index === 'number') {
      // Clients file deltas under their index, so one used twice would garble what they already have.
      if (index <= this.lastIndex) throw invalidAnswer("The upstream's stream uses a block index twice.");
      this.lastIndex = index;
      this.begun = Math.max(this.begun, index);
    }
    this.noteBlock(objectField(event, 'content_block') ?? {});
  }

  private noteBlock(block: JsonObject): void {
    if (!hasSubstance(block)) return;
    this.noteContent(contentLength(block));
  }

  private observeDelta(frame: SseFrame): void {
    const [, place, plain] = PLAIN_DELTA.exec(frame.data) ?? [];
    if (plain !== undefined) {
      this.mustBeBegun(Number(place));
      if (plain.length > 0) this.noteContent(plain.length);
      return;
    }
    const event = parseFrame(frame) ?? {};
    const index = event['index'];
    if (typeof index === 'number') this.mustBeBegun(index);
    const delta = objectField(event, 'delta') ?? {};
    if (delta['type'] === 'signature_delta') {
      this.hasContent = true;
      return;
    }
    const text = CONTENT_KEYS.map((key) => textField(delta, key)).find((value) => value !== undefined);
    if (text !== '') this.noteContent(text?.length ?? 0);
  }

  private noteContent(length: number): void {
    this.hasContent = true;
    this.progress.semantic = true;
    this.progress.contentLength += length;
  }

  private messageDelta(frame: SseFrame): string {
    const event = parseFrame(frame) ?? {};
    this.usage.read(event['usage']);
    this.noteUsage();
    const reason = textField(objectField(event, 'delta') ?? {}, 'stop_reason');
    if (reason !== undefined) this.noteStopReason(reason);
    const costs = this.context.costFields(this.progress.usage, this.progress.contentLength);
    const usage = { ...this.usageOf(event), ...costs };
    return sseFrame('message_delta', JSON.stringify({ ...event, usage, ...this.routingOnce(reason) }));
  }

  private noteStopReason(reason: string): void {
    const stopReason = readStopReason(reason);
    if (stopReason === 'end' && !this.hasContent) throw emptyAnswer();
    this.progress.stopReason = stopReason;
    // A refusal may have no content at all and is an answer all the same.
    if (stopReason === 'refusal') this.progress.semantic = true;
  }

  private routingOnce(reason: string | undefined): JsonObject {
    if (this.routed || reason === undefined || this.context.routing === null) return {};
    this.routed = true;
    return { routing: this.context.routing() };
  }

  private messageStop(): void {
    if (!this.hasContent && this.progress.stopReason === null) throw emptyAnswer();
    this.phase = 'done';
    this.progress.done = true;
  }

  private noteUsage(): void {
    this.progress.usage = this.usage.report();
    this.progress.serviceTier = this.usage.serviceTier ?? null;
  }

  /** The event's own usage; clients fail on an event that has none, so a missing one is made up from what is known. */
  private usageOf(holder: JsonObject): JsonObject {
    return objectField(holder, 'usage') ?? writeUsage(this.progress.usage, this.progress.serviceTier ?? undefined);
  }

  /** Content after the stop reason belongs to nothing, and is dropped. */
  private get stopped(): boolean {
    return this.progress.stopReason !== null;
  }

  /** Clients look a block up by its index, and fail where it never began. */
  private mustBeBegun(index: number): void {
    if (index > this.begun) throw invalidAnswer("The upstream's stream has a delta outside of any block.");
  }

  private mustBeJson(frame: SseFrame): void {
    parseFrame(frame);
  }

  private mustBeOpen(type: string): void {
    if (this.phase !== 'open') throw invalidAnswer(`The upstream's stream has ${type} before message_start.`);
  }
}

const OWN_TYPES = new Set([
  'message_start',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
  'message_delta',
  'message_stop',
  'ping',
  'error',
]);

/** The `event:` line where it names an event of the protocol, else the `type` of the data. */
function typeOf(frame: SseFrame): string {
  if (frame.event !== null && OWN_TYPES.has(frame.event)) return frame.event;
  const type = TYPE_AT_HEAD.exec(frame.data)?.[1] ?? textField(parseFrame(frame) ?? {}, 'type');
  return type ?? frame.event ?? 'message';
}
