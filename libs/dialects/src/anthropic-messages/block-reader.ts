import type { JsonObject, JsonValue } from '@switchyard/contract';
import type { StreamEvent } from '@switchyard/conversation';
import { parseToolArguments } from '@switchyard/conversation';
import type { AnswerOrigin } from '../dialect.js';
import { FenceStripper, freeFormText, isCustomTool, originalName } from './answer-shape.js';
import { readCitation } from './citations.js';
import { objectField, objectsField, textField } from './json-fields.js';
import { readBlock, readSignature } from './read-blocks.js';
import { invalidAnswer, signatureOrigin } from './read-answer.js';
import { decodeToolId } from './tool-ids.js';

type OpenBlock =
  | { readonly kind: 'text'; readonly fences: FenceStripper | null }
  | { readonly kind: 'thinking'; signature: string }
  | { readonly kind: 'tool'; readonly custom: boolean; readonly initial: string; input: string }
  /** Stands in for a JSON response format: its input is the answer's text. */
  | { readonly kind: 'json-answer'; readonly initial: string; input: string }
  | { readonly kind: 'opaque'; readonly raw: JsonObject; input: string; changes: Record<string, JsonValue> }
  /** Came complete with its start. */
  | { readonly kind: 'whole' };

/**
 * The blocks of a streamed answer, in sequence. Upstream indices are ignored: hosts repeat and skip them, and a block
 * is always the one opened last. Throws `UpstreamError(invalid_answer)` where dropping cannot repair the order.
 */
export class BlockReader {
  private open: OpenBlock | null = null;
  /** A block with content was seen, and a tool call among them. */
  hasContent = false;
  hasToolCall = false;

  constructor(private readonly origin: AnswerOrigin) {}

  /**
   * Opens a block; one that the upstream left open is closed first. A tool call whose arguments broke off must not look
   * like a finished one, so there the stream is given up.
   */
  start(block: JsonObject): readonly StreamEvent[] {
    if (this.open?.kind === 'tool' && !isComplete(this.open.input)) {
      throw invalidAnswer('The upstream began a block inside an unfinished tool call.');
    }
    return [...this.stop(), ...this.begin(block)];
  }

  delta(delta: JsonObject): readonly StreamEvent[] {
    const open = this.open;
    if (!open) throw invalidAnswer("The upstream's stream has a delta outside of any block.");
    switch (delta['type']) {
      case 'text_delta':
        return this.text(open, textField(delta, 'text') ?? '');
      case 'thinking_delta':
        return this.thinking(open, textField(delta, 'thinking') ?? '');
      case 'signature_delta':
        if (open.kind === 'thinking') open.signature = textField(delta, 'signature') ?? open.signature;
        return [];
      case 'citations_delta': {
        const citation = objectField(delta, 'citation');
        return citation && open.kind === 'text' ? [{ type: 'citation', citation: readCitation(citation) }] : [];
      }
      case 'input_json_delta':
        return this.input(open, textField(delta, 'partial_json') ?? '');
      default:
        if (open.kind === 'opaque') collectUnknown(open.changes, delta);
        return [];
    }
  }

  stop(): readonly StreamEvent[] {
    const open = this.open;
    this.open = null;
    switch (open?.kind) {
      case 'text': {
        const rest = open.fences?.end() ?? '';
        return rest === '' ? [{ type: 'block-end' }] : [{ type: 'text-delta', text: rest }, { type: 'block-end' }];
      }
      case 'thinking': {
        const signature = readSignature({ signature: open.signature }, 'signature', signatureOrigin(this.origin));
        if (!signature) return [{ type: 'block-end' }];
        this.hasContent = true;
        return [{ type: 'thinking-signature', signature }, { type: 'block-end' }];
      }
      case 'tool':
        return this.stopTool(open);
      case 'json-answer':
        return [...textDelta(open.input === '' ? open.initial : ''), { type: 'block-end' }];
      case 'opaque':
        return [{ type: 'opaque', block: opaqueOf(open) }];
      case 'whole':
      case undefined:
        return [];
    }
  }

  private begin(block: JsonObject): readonly StreamEvent[] {
    switch (block['type']) {
      case 'text':
        return this.beginText(block);
      case 'thinking': {
        this.open = { kind: 'thinking', signature: textField(block, 'signature') ?? '' };
        return [{ type: 'thinking-start' }, ...this.thinking(this.open, textField(block, 'thinking') ?? '')];
      }
      case 'tool_use':
        return this.beginTool(block);
      default:
        return this.beginOther(block);
    }
  }

  private beginText(block: JsonObject): readonly StreamEvent[] {
    const fences = this.origin.shape?.stripFences === true ? new FenceStripper() : null;
    this.open = { kind: 'text', fences };
    const citations = objectsField(block, 'citations').map((citation): StreamEvent => ({
      type: 'citation',
      citation: readCitation(citation),
    }));
    return [{ type: 'text-start' }, ...this.text(this.open, textField(block, 'text') ?? ''), ...citations];
  }

  private beginTool(block: JsonObject): readonly StreamEvent[] {
    const sent = textField(block, 'name') ?? '';
    const input = objectField(block, 'input') ?? {};
    const initial = Object.keys(input).length > 0 ? JSON.stringify(input) : '';
    this.hasContent = true;
    if (sent === this.origin.shape?.jsonTool) {
      this.open = { kind: 'json-answer', initial, input: '' };
      return [{ type: 'text-start' }];
    }
    this.hasToolCall = true;
    const custom = isCustomTool(sent, this.origin);
    this.open = { kind: 'tool', custom, initial, input: '' };
    const id = decodeToolId(textField(block, 'id') ?? '');
    const name = originalName(sent, this.origin);
    return [{ type: 'tool-call-start', id, name, kind: custom ? 'custom' : 'function' }];
  }

  private beginOther(block: JsonObject): readonly StreamEvent[] {
    const read = readBlock(block, signatureOrigin(this.origin));
    this.hasContent = true;
    if (read.type === 'redacted-thinking' || read.type === 'image') {
      this.open = { kind: 'whole' };
      return [read.type === 'image' ? { type: 'image', block: read } : { type: 'redacted-thinking', data: read.data }];
    }
    this.open = { kind: 'opaque', raw: block, input: '', changes: {} };
    return [];
  }

  private text(open: OpenBlock, text: string): readonly StreamEvent[] {
    if (open.kind !== 'text') throw misfit('text');
    if (text !== '') this.hasContent = true;
    return textDelta(open.fences ? open.fences.push(text) : text);
  }

  private thinking(open: OpenBlock, text: string): readonly StreamEvent[] {
    if (open.kind !== 'thinking') throw misfit('thinking');
    if (text === '') return [];
    this.hasContent = true;
    return [{ type: 'thinking-delta', text }];
  }

  private input(open: OpenBlock, json: string): readonly StreamEvent[] {
    if (open.kind !== 'tool' && open.kind !== 'json-answer' && open.kind !== 'opaque') throw misfit('tool input');
    open.input += json;
    if (open.kind === 'json-answer') return textDelta(json);
    return open.kind === 'tool' && !open.custom ? argumentsDelta(json) : [];
  }

  private stopTool(open: Extract<OpenBlock, { kind: 'tool' }>): readonly StreamEvent[] {
    const json = open.input === '' ? open.initial : open.input;
    if (open.custom) return [...argumentsDelta(freeFormText(json)), { type: 'block-end' }];
    return [...argumentsDelta(open.input === '' ? open.initial : ''), { type: 'block-end' }];
  }
}

function textDelta(text: string): readonly StreamEvent[] {
  return text === '' ? [] : [{ type: 'text-delta', text }];
}

function argumentsDelta(json: string): readonly StreamEvent[] {
  return json === '' ? [] : [{ type: 'tool-call-delta', arguments: json }];
}

/** The block a server-side part amounts to after its deltas. */
function opaqueOf(open: Extract<OpenBlock, { kind: 'opaque' }>): Extract<StreamEvent, { type: 'opaque' }>['block'] {
  const input = open.input === '' ? {} : { input: parseToolArguments(open.input) };
  return {
    type: 'opaque',
    dialect: 'anthropic-messages',
    name: textField(open.raw, 'type') ?? '',
    raw: { ...open.raw, ...open.changes, ...input },
  };
}

/** Deltas of kinds unknown here carry their fields under the block's own names (`compaction_delta.content`). */
function collectUnknown(changes: Record<string, JsonValue>, delta: JsonObject): void {
  for (const [key, value] of Object.entries(delta)) {
    if (key === 'type' || value === undefined || value === null) continue;
    const before = changes[key];
    changes[key] = typeof value === 'string' && typeof before === 'string' ? before + value : value;
  }
}

function isComplete(json: string): boolean {
  if (json.trim() === '') return true;
  try {
    JSON.parse(json);
    return true;
  } catch {
    return false;
  }
}

function misfit(what: string): ReturnType<typeof invalidAnswer> {
  return invalidAnswer(`The upstream's stream has ${what} in a block of another kind.`);
}
