import type { JsonObject } from '@switchyard/contract';
import { parseToolArguments } from '@switchyard/conversation';
import type { Answer, Block, Signature, StopReason, StreamEvent } from '@switchyard/conversation';
import type { WriteContext, StreamWriter } from '../dialect.js';
import { sseFrame } from '../sse/frame.js';
import { writeCitation } from './citations.js';
import { optional } from './json-fields.js';
import { writeUsage } from './usage.js';
import { messageHead, writeAnswerBlock, writeEnding, writeSignature, writeToolId } from './write-answer.js';

type OpenBlock =
  /** Text and refusals. `started` = its frame has been written: blocks that never get content are never shown. */
  | { readonly kind: 'text'; started: boolean }
  | { readonly kind: 'thinking'; signature: Signature | undefined }
  | { readonly kind: 'tool'; readonly custom: boolean; held: string | null; written: boolean };

/**
 * Writes neutral events as Anthropic's event stream: `message_start`, blocks strictly in sequence with indices
 * without gaps, `message_delta` with the full usage, `message_stop`. Every frame names its event: the official SDK drops
 * frames that do not.
 */
export class AnthropicStreamWriter implements StreamWriter {
  private open: OpenBlock | null = null;
  private nextIndex = 0;
  private stopReason: StopReason = 'end';
  private stopSequence: string | undefined;
  private refusal: Answer['refusal'];
  private refusalText: string | undefined;
  private hasToolCall = false;
  private serviceTier: string | undefined;

  constructor(private readonly context: WriteContext) {}

  write(event: StreamEvent): string {
    switch (event.type) {
      case 'message-start':
        this.serviceTier = event.serviceTier;
        return this.messageStart(event);
      case 'text-start':
        this.open = { kind: 'text', started: false };
        return '';
      case 'refusal-start':
        this.refusalText = '';
        this.open = { kind: 'text', started: false };
        return '';
      case 'text-delta':
        return this.text(event.text);
      case 'refusal-delta':
        this.refusalText = (this.refusalText ?? '') + event.text;
        return this.text(event.text);
      case 'citation': {
        const citation = writeCitation(event.citation);
        return citation ? this.startText() + this.delta({ type: 'citations_delta', citation }) : '';
      }
      case 'thinking-start':
        this.open = { kind: 'thinking', signature: undefined };
        return this.start({ type: 'thinking', thinking: '', signature: '' });
      case 'thinking-delta':
        return event.text === '' ? '' : this.delta({ type: 'thinking_delta', thinking: event.text });
      case 'thinking-signature':
        if (this.open?.kind === 'thinking') this.open.signature = event.signature;
        return '';
      case 'redacted-thinking':
        return this.whole({ type: 'redacted-thinking', data: event.data });
      case 'tool-call-start':
        return this.startTool(event);
      case 'tool-call-delta':
        return this.toolArguments(event.arguments);
      case 'image':
      case 'opaque':
        return this.whole(event.block);
      case 'block-end':
        return this.endBlock();
      case 'message-delta':
        this.stopReason = event.stopReason;
        this.stopSequence = event.stopSequence;
        this.refusal = event.refusal;
        return '';
      case 'message-end':
        this.serviceTier = event.serviceTier ?? this.serviceTier;
        return this.messageEnd(event);
      case 'ping':
        return frame({ type: 'ping' });
      case 'logprobs':
        return '';
    }
  }

  private messageStart(event: Extract<StreamEvent, { type: 'message-start' }>): string {
    const message = {
      ...messageHead(this.context),
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: writeUsage(event.usage, event.serviceTier),
    };
    return frame({ type: 'message_start', message });
  }

  private messageEnd(event: Extract<StreamEvent, { type: 'message-end' }>): string {
    const usage = { ...writeUsage(event.usage, this.serviceTier), ...this.context.costFields(event.usage) };
    const delta = writeEnding({
      stopReason: this.stopReason,
      stopSequence: this.stopSequence,
      refusal: this.refusal,
      refusalText: this.refusalText,
      hasToolCall: this.hasToolCall,
    });
    const routing = optional('routing', this.context.routing?.());
    return frame({ type: 'message_delta', delta, usage, ...routing }) + frame({ type: 'message_stop' });
  }

  private text(text: string): string {
    return text === '' ? '' : this.startText() + this.delta({ type: 'text_delta', text });
  }

  private startText(): string {
    if (this.open?.kind !== 'text' || this.open.started) return '';
    this.open.started = true;
    return this.start({ type: 'text', text: '' });
  }

  private startTool(event: Extract<StreamEvent, { type: 'tool-call-start' }>): string {
    this.hasToolCall = true;
    this.open = { kind: 'tool', custom: event.kind === 'custom', held: null, written: false };
    const id = writeToolId(event.id, this.nextIndex, this.context);
    return this.start({ type: 'tool_use', id, name: event.name, input: {} });
  }

  /**
   * Arguments go out as they come, as long as they look like an object. Anything else (`null`, an object inside a
   * string) can only be put right as a whole, so it is held to the end of the block.
   */
  private toolArguments(text: string): string {
    const open = this.open;
    if (open?.kind !== 'tool' || text === '') return '';
    if (open.custom) {
      const opening = open.written ? '' : '{"input":"';
      open.written = true;
      return this.inputDelta(opening + JSON.stringify(text).slice(1, -1));
    }
    if (open.written) return this.inputDelta(text);
    const soFar = (open.held ?? '') + text;
    if (!soFar.trimStart().startsWith('{')) {
      open.held = soFar;
      return '';
    }
    open.held = null;
    open.written = true;
    return this.inputDelta(soFar);
  }

  private endBlock(): string {
    const open = this.open;
    this.open = null;
    if (!open || (open.kind === 'text' && !open.started)) return '';
    let last = '';
    if (open.kind === 'thinking') {
      last = this.delta({ type: 'signature_delta', signature: writeSignature(open.signature, this.context) });
    } else if (open.kind === 'tool') {
      last = this.lastOfInput(open);
    }
    return last + this.stop();
  }

  private lastOfInput(open: Extract<OpenBlock, { kind: 'tool' }>): string {
    if (open.custom) return this.inputDelta(open.written ? '"}' : '{"input":""}');
    if (open.written) return '';
    // Clients take a lone empty delta for `{}`, as Anthropic itself sends for a call without arguments.
    return this.inputDelta(open.held === null ? '' : JSON.stringify(parseToolArguments(open.held)));
  }

  private whole(block: Block): string {
    const json = writeAnswerBlock(block, this.nextIndex, this.context);
    return json ? this.start(json) + this.stop() : '';
  }

  private start(block: JsonObject): string {
    const index = this.nextIndex++;
    return frame({ type: 'content_block_start', index, content_block: block });
  }

  private delta(delta: JsonObject): string {
    return frame({ type: 'content_block_delta', index: this.nextIndex - 1, delta });
  }

  private inputDelta(json: string): string {
    return this.delta({ type: 'input_json_delta', partial_json: json });
  }

  private stop(): string {
    return frame({ type: 'content_block_stop', index: this.nextIndex - 1 });
  }
}

function frame(event: JsonObject & { readonly type: string }): string {
  return sseFrame(event.type, JSON.stringify(event));
}
