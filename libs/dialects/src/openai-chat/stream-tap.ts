import { totalOutput } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import type { AnswerContext, AnswerOrigin, StreamProgress, StreamTap } from '../dialect.js';
import { freshProgress } from '../relay/stream-relay.js';
import type { SseFrame } from '../sse/frame.js';
import { sseFrame } from '../sse/frame.js';
import { choiceIndex } from './answer-assembler.js';
import { DeltaTemplate } from './delta-template.js';
import { listOf, objectOf, objectsOf, textOf } from './fields.js';
import { editMembers } from './member-edits.js';
import { isMeaningfulStop, messageLength, stopReasonOf } from './pass-through.js';
import { parseChunk } from './read-stream.js';
import { invalidAnswer, truncated } from './upstream-errors.js';
import { UsageReader } from './usage.js';
import { DONE_FRAME } from './write-stream.js';

/**
 * Passes a chat stream to a chat client: chunks as they came but for the model's name, cost and routing metadata. What
 * accounting needs is read in passing; only chunks that are more than a delta are parsed.
 */
export class ChatStreamTap implements StreamTap {
  readonly progress: StreamProgress = freshProgress();

  private readonly modelJson: string;
  private readonly usage: UsageReader;
  private template: DeltaTemplate | null = null;
  /** Choices seen and not finished; several with `n` above 1. */
  private readonly openChoices = new Set<number>();
  private readonly finishedChoices = new Set<number>();
  private started = false;
  private readonly shape = { hasCalls: false, hasRefusal: false };
  private owesRouting: boolean;

  constructor(
    origin: AnswerOrigin,
    private readonly context: AnswerContext,
  ) {
    this.usage = new UsageReader(origin.deviations);
    this.modelJson = JSON.stringify(context.publicModel);
    this.owesRouting = context.routing !== null;
  }

  pass(frame: SseFrame): string {
    const { data } = frame;
    if (this.progress.done || data === '') return '';
    const { template } = this;
    const bare = template !== null && frame.event === null ? template.match(data) : null;
    if (template !== null && bare !== null) {
      if (this.finishedChoices.has(0)) return '';
      this.countContent(bare.length);
      return `data: ${template.rename(data)}\n\n`;
    }
    if (data.trim() === '[DONE]') return this.finish();
    const chunk = parseChunk(frame);
    const isStray = objectsOf(chunk['choices']).some((choice) => this.isStray(choice));
    this.observe(chunk);
    if (isStray) return '';
    // Line breaks between tokens are white space to JSON and the end of the line to SSE.
    return this.forward(data.replace(/[\r\n]+/g, ' '), chunk);
  }

  end(): string {
    if (this.progress.done) return '';
    if (this.started && this.openChoices.size > 0) throw truncated();
    return this.finish();
  }

  private finish(): string {
    const { progress } = this;
    if (!progress.semantic && !isMeaningfulStop(progress.stopReason) && totalOutput(progress.usage.usage) === 0) {
      throw invalidAnswer('nothing');
    }
    progress.done = true;
    return this.lastRouting() + DONE_FRAME;
  }

  private observe(chunk: JsonObject): void {
    const { progress } = this;
    progress.upstreamId ||= textOf(chunk['id']) ?? '';
    progress.upstreamModel ||= textOf(chunk['model']) ?? '';
    progress.serviceTier = textOf(chunk['service_tier']) ?? progress.serviceTier;
    this.usage.read(chunk);
    progress.usage = this.usage.report;
    for (const choice of objectsOf(chunk['choices'])) this.observeChoice(choice);
  }

  /** Content after the finish reason belongs to nothing. */
  private isStray(choice: JsonObject): boolean {
    return this.finishedChoices.has(choiceIndex(choice)) && messageLength(deltaOf(choice)) > 0;
  }

  private observeChoice(choice: JsonObject): void {
    if (this.isStray(choice)) return;
    this.started = true;
    const delta = deltaOf(choice);
    this.countContent(messageLength(delta));
    this.shape.hasCalls ||=
      listOf(delta?.['tool_calls']).length > 0 || objectOf(delta?.['function_call']) !== undefined;
    this.shape.hasRefusal ||= textOf(delta?.['refusal']) !== undefined;
    const index = choiceIndex(choice);
    const stopReason = stopReasonOf(choice, this.shape);
    if (stopReason === null) {
      // Azure's asynchronous filter may speak of a choice after its end.
      if (!this.finishedChoices.has(index)) this.openChoices.add(index);
      return;
    }
    this.openChoices.delete(index);
    this.finishedChoices.add(index);
    if (index === 0) this.progress.stopReason = stopReason;
    // A refusal may have no content at all and is an answer all the same.
    if (stopReason === 'refusal' || stopReason === 'content-filter') this.progress.semantic = true;
  }

  private countContent(length: number): void {
    if (length === 0) return;
    this.progress.semantic = true;
    this.progress.contentLength += length;
  }

  private forward(text: string, chunk: JsonObject): string {
    const choices = objectsOf(chunk['choices']);
    const usage = objectOf(chunk['usage']);
    const { includeUsage } = this.context;
    const isUsageChunk = choices.length === 0 && usage !== undefined;
    if (isUsageChunk && !includeUsage) return '';
    const isLast =
      this.started && this.openChoices.size === 0 && (isUsageChunk || !includeUsage || usage !== undefined);

    const replacements = new Map([['model', this.modelJson]]);
    const cost = usage !== undefined && includeUsage && isLast ? this.costFields() : null;
    if (cost !== null) replacements.set('usage', JSON.stringify({ ...usage, ...cost }));
    const routing = isLast ? this.takeRouting() : null;
    const additions = new Map(routing === null ? [] : [['routing', JSON.stringify(routing)]]);
    if (cost === null && routing === null)
      this.template = DeltaTemplate.learn(text, chunk, this.modelJson) ?? this.template;
    return sseFrame(null, editMembers(text, replacements, additions));
  }

  private costFields(): JsonObject | null {
    const { usage, contentLength } = this.progress;
    return usage.present ? this.context.costFields(usage, contentLength) : null;
  }

  private takeRouting(): JsonObject | null {
    if (!this.owesRouting) return null;
    this.owesRouting = false;
    return this.context.routing?.() ?? null;
  }

  /** A client that asked for usage and got no chunk of it gets the routing metadata in one of its own. */
  private lastRouting(): string {
    const routing = this.context.includeUsage ? this.takeRouting() : null;
    if (routing === null) return '';
    const { generationId, createdS, publicModel } = this.context;
    const id = this.progress.upstreamId || `chatcmpl-${generationId}`;
    const chunk = { id, object: 'chat.completion.chunk', created: createdS, model: publicModel, choices: [], routing };
    return sseFrame(null, JSON.stringify(chunk));
  }
}

function deltaOf(choice: JsonObject): JsonObject | undefined {
  return objectOf(choice['delta']) ?? objectOf(choice['message']);
}
