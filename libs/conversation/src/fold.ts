import { ZERO_USAGE } from '@switchyard/contract';
import type { Answer, StopReason, StreamEvent, UsageReport } from './answer.js';
import type { Block, Citation, Signature } from './blocks.js';

interface OpenBlock {
  readonly start: StreamEvent;
  text: string;
  citations: Citation[];
  signature: Signature | undefined;
}

const NO_USAGE: UsageReport = { present: false, usage: ZERO_USAGE, suspect: [] };

/** The answer that a finished stream of events amounts to. Inverse of streaming an answer: translate(fold(s)) = fold(translate(s)). */
export function fold(events: Iterable<StreamEvent>): Answer {
  const content: Block[] = [];
  let open: OpenBlock | null = null;
  let head: Extract<StreamEvent, { type: 'message-start' }> | null = null;
  let stop: Extract<StreamEvent, { type: 'message-delta' }> | null = null;
  let usage = NO_USAGE;
  let serviceTier: string | undefined;
  let logprobs: Answer['logprobs'];

  for (const event of events) {
    switch (event.type) {
      case 'message-start':
        head = event;
        usage = event.usage;
        serviceTier = event.serviceTier;
        break;
      case 'text-start':
      case 'thinking-start':
      case 'refusal-start':
      case 'tool-call-start':
        open = { start: event, text: '', citations: [], signature: undefined };
        break;
      case 'text-delta':
      case 'thinking-delta':
      case 'refusal-delta':
        if (open) open.text += event.text;
        break;
      case 'tool-call-delta':
        if (open) open.text += event.arguments;
        break;
      case 'citation':
        open?.citations.push(event.citation);
        break;
      case 'thinking-signature':
        if (open) open.signature = event.signature;
        break;
      case 'redacted-thinking':
        content.push({ type: 'redacted-thinking', data: event.data });
        break;
      case 'image':
      case 'opaque':
        content.push(event.block);
        break;
      case 'block-end':
        if (open) content.push(closed(open));
        open = null;
        break;
      case 'logprobs':
        logprobs = event.value;
        break;
      case 'message-delta':
        stop = event;
        break;
      case 'message-end':
        if (event.usage.present) usage = event.usage;
        serviceTier = event.serviceTier ?? serviceTier;
        break;
      case 'ping':
        break;
    }
  }
  const stopReason: StopReason = stop?.stopReason ?? 'end';
  return {
    upstreamId: head?.upstreamId ?? '',
    upstreamModel: head?.upstreamModel ?? '',
    content,
    stopReason,
    usage,
    ...(stop?.stopSequence !== undefined && { stopSequence: stop.stopSequence }),
    ...(stop?.refusal !== undefined && { refusal: stop.refusal }),
    ...(head?.createdS !== undefined && { createdS: head.createdS }),
    ...(serviceTier !== undefined && { serviceTier }),
    ...(head?.systemFingerprint !== undefined && { systemFingerprint: head.systemFingerprint }),
    ...(logprobs !== undefined && { logprobs }),
  };
}

function closed(open: OpenBlock): Block {
  switch (open.start.type) {
    case 'thinking-start':
      return { type: 'thinking', text: open.text, ...(open.signature && { signature: open.signature }) };
    case 'refusal-start':
      return { type: 'refusal', text: open.text };
    case 'tool-call-start':
      return {
        type: 'tool-call',
        id: open.start.id,
        name: open.start.name,
        kind: open.start.kind,
        arguments: open.text,
      };
    default:
      return { type: 'text', text: open.text, ...(open.citations.length > 0 && { citations: open.citations }) };
  }
}
