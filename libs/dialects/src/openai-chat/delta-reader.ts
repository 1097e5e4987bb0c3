import type { JsonObject } from '@switchyard/contract';
import type { AnswerOrigin } from '../dialect.js';
import type { BlockSequencer } from './block-sequencer.js';
import { readAnnotations } from './citations.js';
import { numberOf, objectOf, objectsOf, textOf } from './fields.js';
import { readImage } from './media.js';
import { readReasoningDetails } from './reasoning-details.js';
import { ThinkTagSplitter } from './think-tags.js';
import { ToolCallBuffer } from './tool-call-buffer.js';

const FOLLOWERS = ['annotations', 'refusal', 'tool_calls', 'function_call', 'images', 'audio'] as const;

/** Reads one `delta` (or a whole `message`, which has the same members) into the sequencer. */
export class DeltaReader {
  readonly tools: ToolCallBuffer;
  hasRefusal = false;
  /** The upstream's id of the answer, from which ids for calls without one are made. */
  answerId = '';

  private readonly signatureOrigin: string;
  private readonly tags: ThinkTagSplitter | null;
  private hasReasoningField = false;
  private audio: { id: string; data: string; transcript: string } | null = null;

  constructor(
    origin: AnswerOrigin,
    private readonly sequencer: BlockSequencer,
  ) {
    const { deviations, renamed } = origin;
    this.signatureOrigin = deviations.signatureOrigin ?? origin.origin;
    this.tags =
      deviations.thinkTags === false
        ? null
        : new ThinkTagSplitter(deviations.thinkTags === true ? 'anywhere' : 'leading');
    this.tools = new ToolCallBuffer(
      sequencer,
      (name) => renamed.get(name) ?? name,
      (ordinal) => `call_${this.answerId.replace(/[^a-zA-Z0-9]/g, '').slice(-24)}_${ordinal}`,
    );
  }

  read(delta: JsonObject): void {
    this.readReasoning(delta);
    this.readContent(delta['content']);
    // Text held back as the possible start of a tag comes before whatever follows it.
    if (!FOLLOWERS.some((key) => delta[key] !== undefined && delta[key] !== null)) return;
    this.releaseText();
    for (const citation of readAnnotations(delta['annotations'])) this.sequencer.citation(citation);
    const refusal = textOf(delta['refusal']);
    if (refusal !== undefined) {
      this.hasRefusal = true;
      this.sequencer.refusal(refusal);
    }
    this.readCalls(delta);
    for (const part of objectsOf(delta['images'])) this.image(part);
    this.readAudio(objectOf(delta['audio']));
  }

  /** Hands over what was held back for want of more input. */
  finish(): void {
    this.releaseText();
    if (this.audio === null) return;
    const raw = { ...this.audio };
    this.sequencer.whole({ type: 'opaque', block: { type: 'opaque', dialect: 'openai-chat', name: 'audio', raw } });
  }

  /** `reasoning_details` say the most; a plain field beside them repeats the same text. */
  private readReasoning(delta: JsonObject): void {
    const plain = textOf(delta['reasoning_content']) ?? textOf(delta['reasoning']);
    const raw = delta['reasoning_details'];
    if (plain === undefined && raw === undefined) return;
    const details = readReasoningDetails(raw, this.signatureOrigin);
    if (plain !== undefined || details.length > 0) this.hasReasoningField = true;
    if (plain !== undefined && details.every((detail) => detail.text === '')) this.sequencer.thinking(plain);
    for (const detail of details) {
      const { signature } = detail;
      if (detail.kind === 'encrypted') {
        if (signature !== undefined) this.sequencer.whole({ type: 'redacted-thinking', data: signature });
      } else if (signature !== undefined) {
        this.sequencer.signThinking(signature, detail.text, detail.index);
      } else if (detail.text !== '') {
        this.sequencer.thinking(detail.text, detail.index);
      }
    }
  }

  private readContent(content: JsonObject[string]): void {
    if (typeof content === 'string') {
      if (content !== '') this.text(content);
      return;
    }
    for (const part of objectsOf(content)) this.part(part);
  }

  /** A part of an array content: Mistral's thinking and text, OpenAI's refusal, images of image models. */
  private part(part: JsonObject): void {
    const text = textOf(part['text']);
    if (part['type'] === 'thinking') this.thinkingPart(part);
    else if (part['type'] === 'image_url') this.image(part);
    else if (part['type'] === 'refusal') this.read({ refusal: part['refusal'] });
    else if (text !== undefined) this.text(text);
  }

  private thinkingPart(part: JsonObject): void {
    const text =
      textOf(part['thinking']) ??
      objectsOf(part['thinking'])
        .map((piece) => textOf(piece['text']) ?? '')
        .join('');
    if (text === '') return;
    this.hasReasoningField = true;
    this.sequencer.thinking(text);
  }

  private text(text: string): void {
    // A host that has a field for reasoning does not leave it inside the text.
    if (this.tags === null || this.hasReasoningField) {
      this.releaseText();
      this.sequencer.text(text);
      return;
    }
    for (const piece of this.tags.push(text)) this.piece(piece.kind, piece.text);
  }

  private releaseText(): void {
    for (const piece of this.tags?.end() ?? []) this.piece(piece.kind, piece.text);
  }

  private piece(kind: 'text' | 'thinking', text: string): void {
    if (kind === 'thinking') this.sequencer.thinking(text);
    else this.sequencer.text(text);
  }

  private readCalls(delta: JsonObject): void {
    for (const call of objectsOf(delta['tool_calls'])) this.tools.push(call);
    // The deprecated form has at most one call and no id.
    const legacy = objectOf(delta['function_call']);
    if (legacy !== undefined) this.tools.push({ index: 0, function: legacy });
  }

  private image(part: JsonObject): void {
    const block = readImage(part);
    if (block !== undefined) this.sequencer.whole({ type: 'image', block });
  }

  private readAudio(audio: JsonObject | undefined): void {
    if (audio === undefined) return;
    this.sequencer.hasContent = true;
    this.audio = {
      id: textOf(audio['id']) ?? this.audio?.id ?? '',
      data: (this.audio?.data ?? '') + (textOf(audio['data']) ?? ''),
      transcript: (this.audio?.transcript ?? '') + (textOf(audio['transcript']) ?? ''),
      ...(numberOf(audio['expires_at']) !== undefined && { expires_at: audio['expires_at'] }),
    };
  }
}
