import { NO_USAGE } from './answer.js';
import type { Answer, StreamEvent } from './answer.js';
import type { Block, Citation, Signature } from './blocks.js';

/**
 * The answer that a finished stream of events amounts to. Inverse of streaming an answer, so that translating a fold and
 * folding a translation give the same.
 */
export function fold(events: Iterable<StreamEvent>): Answer {
  const folder = new Folder();
  for (const event of events) folder.take(event);
  return folder.answer();
}

type Opening = Extract<StreamEvent, { type: 'text-start' | 'thinking-start' | 'refusal-start' | 'tool-call-start' }>;

interface OpenBlock {
  readonly start: Opening;
  text: string;
  readonly citations: Citation[];
  signature?: Signature;
}

class Folder {
  private readonly content: Block[] = [];
  private open: OpenBlock | null = null;
  private head: Extract<StreamEvent, { type: 'message-start' }> | null = null;
  private stop: Extract<StreamEvent, { type: 'message-delta' }> | null = null;
  private usage = NO_USAGE;
  private serviceTier: string | undefined;
  private logprobs: Answer['logprobs'];

  take(event: StreamEvent): void {
    switch (event.type) {
      case 'message-start':
        this.head = event;
        this.usage = event.usage;
        this.serviceTier = event.serviceTier;
        break;
      case 'logprobs':
        this.logprobs = event.value;
        break;
      case 'message-delta':
        this.stop = event;
        break;
      case 'message-end':
        if (event.usage.present) this.usage = event.usage;
        this.serviceTier = event.serviceTier ?? this.serviceTier;
        break;
      case 'ping':
        break;
      default:
        this.takeContent(event);
    }
  }

  private takeContent(event: StreamEvent): void {
    switch (event.type) {
      case 'text-start':
      case 'thinking-start':
      case 'refusal-start':
      case 'tool-call-start':
        this.open = { start: event, text: '', citations: [] };
        break;
      case 'redacted-thinking':
        this.content.push({ type: 'redacted-thinking', data: event.data });
        break;
      case 'image':
      case 'opaque':
        this.content.push(event.block);
        break;
      case 'block-end':
        if (this.open !== null) this.content.push(closed(this.open));
        this.open = null;
        break;
      default:
        if (this.open !== null) extend(this.open, event);
    }
  }

  answer(): Answer {
    const { head, stop, serviceTier, logprobs } = this;
    return {
      upstreamId: head?.upstreamId ?? '',
      upstreamModel: head?.upstreamModel ?? '',
      content: this.content,
      stopReason: stop?.stopReason ?? 'end',
      usage: this.usage,
      ...(stop?.stopSequence !== undefined && { stopSequence: stop.stopSequence }),
      ...(stop?.refusal !== undefined && { refusal: stop.refusal }),
      ...(head?.createdS !== undefined && { createdS: head.createdS }),
      ...(serviceTier !== undefined && { serviceTier }),
      ...(head?.systemFingerprint !== undefined && { systemFingerprint: head.systemFingerprint }),
      ...(logprobs !== undefined && { logprobs }),
    };
  }
}

function extend(open: OpenBlock, event: StreamEvent): void {
  switch (event.type) {
    case 'text-delta':
    case 'thinking-delta':
    case 'refusal-delta':
      open.text += event.text;
      break;
    case 'tool-call-delta':
      open.text += event.arguments;
      break;
    case 'citation':
      open.citations.push(event.citation);
      break;
    case 'thinking-signature':
      open.signature = event.signature;
      break;
    default:
      break;
  }
}

function closed({ start, text, citations, signature }: OpenBlock): Block {
  switch (start.type) {
    case 'thinking-start':
      return { type: 'thinking', text, ...(signature && { signature }) };
    case 'refusal-start':
      return { type: 'refusal', text };
    case 'tool-call-start':
      return { type: 'tool-call', id: start.id, name: start.name, kind: start.kind, arguments: text };
    case 'text-start':
      return { type: 'text', text, ...(citations.length > 0 && { citations }) };
  }
}
