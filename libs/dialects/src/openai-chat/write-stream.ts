import type { JsonObject, JsonValue } from '@switchyard/contract';
import type { Citation, Signature, StopReason, StreamEvent } from '@switchyard/conversation';
import type { WriteContext, StreamWriter } from '../dialect.js';
import { sseFrame } from '../sse/frame.js';
import { writeAnnotation } from './citations.js';
import { defined } from './fields.js';
import { writeFinishReason } from './finish-reason.js';
import { writeReasoningDetail } from './reasoning-details.js';
import { writeUsage } from './usage.js';
import { envelope, isAudio, refusalOf, writeImage, writeServiceTier } from './write-answer.js';

export const DONE_FRAME = sseFrame(null, '[DONE]');
/** A comment, which every client skips. */
export const KEEP_ALIVE = ': keep-alive\n\n';

type EventOf<T extends StreamEvent['type']> = Extract<StreamEvent, { type: T }>;

/** What is remembered of the block being written until its end. */
type OpenBlock =
  | { readonly type: 'text'; readonly start: number; readonly citations: Citation[] }
  | { readonly type: 'thinking'; text: string; signature: Signature | undefined }
  | { readonly type: 'call'; readonly kind: 'function' | 'custom'; readonly index: number; hasArguments: boolean }
  | { readonly type: 'refusal' };

/**
 * Writes `chat.completion.chunk`s for an OpenAI client: the role first, tool calls numbered by their own ordinal, a
 * finish chunk, the usage chunk if the client asked for it, `[DONE]`.
 */
export class ChatStreamWriter implements StreamWriter {
  /** The members that every chunk begins with, as JSON text without the closing brace. */
  private head = '';
  private open: OpenBlock = { type: 'refusal' };
  private textLength = 0;
  private callCount = 0;
  private detailCount = 0;
  private hasRefusal = false;
  private stopReason: StopReason = 'end';
  private logprobs: JsonValue = null;

  constructor(private readonly context: WriteContext) {}

  write(event: StreamEvent): string {
    switch (event.type) {
      case 'message-start':
        return this.start(event);
      case 'text-start':
      case 'thinking-start':
      case 'refusal-start':
      case 'tool-call-start':
        return this.startBlock(event);
      case 'text-delta':
        this.textLength += event.text.length;
        return this.delta('content', event.text);
      case 'thinking-delta':
        if (this.open.type === 'thinking') this.open.text += event.text;
        return this.delta('reasoning_content', event.text);
      case 'refusal-delta':
        return this.delta('refusal', event.text);
      case 'tool-call-delta':
        return this.callDelta(event.arguments);
      case 'citation':
        if (this.open.type === 'text') this.open.citations.push(event.citation);
        return '';
      case 'thinking-signature':
        if (this.open.type === 'thinking') this.open.signature = event.signature;
        return '';
      case 'block-end':
        return this.endBlock();
      case 'redacted-thinking':
      case 'image':
      case 'opaque':
        return this.wholeBlock(event);
      case 'logprobs':
        this.logprobs = event.value;
        return '';
      case 'message-delta':
        return this.stop(event);
      case 'message-end':
        return this.end(event);
      case 'ping':
        return KEEP_ALIVE;
    }
  }

  private start(event: EventOf<'message-start'>): string {
    const { serviceTier } = event;
    const members = {
      ...envelope(event.createdS, this.context),
      object: 'chat.completion.chunk',
      ...defined({
        service_tier: serviceTier === undefined ? undefined : writeServiceTier(serviceTier),
        system_fingerprint: event.systemFingerprint,
      }),
    };
    this.head = JSON.stringify(members).slice(0, -1);
    return this.chunk('{"role":"assistant","content":""}');
  }

  private startBlock(event: EventOf<'text-start' | 'thinking-start' | 'refusal-start' | 'tool-call-start'>): string {
    switch (event.type) {
      case 'text-start':
        this.open = { type: 'text', start: this.textLength, citations: [] };
        return '';
      case 'thinking-start':
        this.open = { type: 'thinking', text: '', signature: undefined };
        return '';
      case 'refusal-start':
        this.open = { type: 'refusal' };
        this.hasRefusal = true;
        return '';
      case 'tool-call-start': {
        const { id, name, kind } = event;
        const index = this.callCount++;
        this.open = { type: 'call', kind, index, hasArguments: false };
        const body =
          kind === 'custom'
            ? { type: 'custom', custom: { name, input: '' } }
            : { type: 'function', function: { name, arguments: '' } };
        return this.chunk(JSON.stringify({ tool_calls: [{ index, id, ...body }] }));
      }
    }
  }

  private callDelta(text: string): string {
    if (this.open.type !== 'call' || text === '') return '';
    const { index, kind } = this.open;
    this.open.hasArguments = true;
    const body = kind === 'custom' ? { custom: { input: text } } : { function: { arguments: text } };
    return this.chunk(JSON.stringify({ tool_calls: [{ index, ...body }] }));
  }

  private endBlock(): string {
    const { open } = this;
    this.open = { type: 'refusal' };
    switch (open.type) {
      case 'text':
        return this.annotations(open);
      case 'thinking':
        return this.detail({ type: 'thinking', text: open.text, ...defined({ signature: open.signature }) });
      case 'call': {
        if (open.hasArguments || open.kind === 'custom') return '';
        return this.chunk(JSON.stringify({ tool_calls: [{ index: open.index, function: { arguments: '{}' } }] }));
      }
      case 'refusal':
        return '';
    }
  }

  private annotations(open: Extract<OpenBlock, { type: 'text' }>): string {
    const annotations = open.citations
      .map((citation) => writeAnnotation(citation, open.start, this.textLength))
      .filter((annotation) => annotation !== undefined);
    return annotations.length === 0 ? '' : this.chunk(JSON.stringify({ annotations }));
  }

  /** Signed reasoning goes out whole at the end of its block, so that a client can send the entry back as it is. */
  private detail(block: Parameters<typeof writeReasoningDetail>[0]): string {
    const detail = writeReasoningDetail(block, this.detailCount++);
    return detail === undefined ? '' : this.chunk(JSON.stringify({ reasoning_details: [detail] }));
  }

  private wholeBlock(event: EventOf<'redacted-thinking' | 'image' | 'opaque'>): string {
    if (event.type === 'redacted-thinking') return this.detail(event);
    if (event.type === 'opaque')
      return isAudio(event.block) ? this.chunk(JSON.stringify({ audio: event.block.raw })) : '';
    const images = writeImage(event.block);
    return images.length === 0 ? '' : this.chunk(JSON.stringify({ images }));
  }

  private stop(event: EventOf<'message-delta'>): string {
    this.stopReason = event.stopReason;
    const explanation = refusalOf(event.stopReason, event.refusal?.explanation);
    return explanation === undefined || this.hasRefusal ? '' : this.delta('refusal', explanation);
  }

  private end(event: EventOf<'message-end'>): string {
    const { usage } = event;
    const { includeUsage, costFields, routing } = this.context;
    const extras = defined({ routing: routing?.() });
    const hasUsageChunk = includeUsage && usage.present;
    const finish = {
      choices: [
        {
          index: 0,
          delta: {},
          logprobs: this.logprobs,
          finish_reason: writeFinishReason(this.stopReason, this.callCount > 0),
        },
      ],
      ...(includeUsage && { usage: null }),
      ...(!hasUsageChunk && extras),
    };
    let text = this.frame(finish);
    if (hasUsageChunk) {
      text += this.frame({ choices: [], usage: writeUsage(usage.usage, costFields(usage)), ...extras });
    }
    return text + DONE_FRAME;
  }

  private delta(key: 'content' | 'reasoning_content' | 'refusal', text: string): string {
    return text === '' ? '' : this.chunk(`{"${key}":${JSON.stringify(text)}}`);
  }

  /** One chunk around a delta that is JSON text already: most of a stream is this. */
  private chunk(delta: string): string {
    const usage = this.context.includeUsage ? ',"usage":null' : '';
    return `data: ${this.head},"choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":null}]${usage}}\n\n`;
  }

  private frame(members: JsonObject): string {
    return `data: ${this.head},${JSON.stringify(members).slice(1)}\n\n`;
  }
}
