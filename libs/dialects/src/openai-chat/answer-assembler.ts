import { totalOutput } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import { NO_USAGE } from '@switchyard/conversation';
import type { StreamEvent } from '@switchyard/conversation';
import type { AnswerOrigin } from '../dialect.js';
import { BlockSequencer } from './block-sequencer.js';
import { DeltaReader } from './delta-reader.js';
import { defined, numberOf, objectOf, objectsOf, textOf } from './fields.js';
import { finishReasonIn, readFinishReason } from './finish-reason.js';
import { LogprobsCollector } from './logprobs.js';
import { innerError, invalidAnswer, outOfResources, truncated } from './upstream-errors.js';
import { UsageReader } from './usage.js';

/**
 * Turns the chunks of one answer into neutral events. A whole JSON answer is one chunk to it, so that both forms are read
 * by the same rules. Only choice 0 is translated.
 */
export class AnswerAssembler {
  private readonly sequencer = new BlockSequencer();
  private readonly deltas: DeltaReader;
  private readonly logprobs = new LogprobsCollector();
  private started = false;
  private finished = false;
  private finishReason: string | null = null;
  private stopSequence: string | undefined;
  private serviceTier: string | undefined;
  private readonly usage: UsageReader;
  private isEnded = false;

  constructor(origin: AnswerOrigin) {
    this.deltas = new DeltaReader(origin, this.sequencer);
    this.usage = new UsageReader(origin.deviations);
  }

  get ended(): boolean {
    return this.isEnded;
  }

  /** Events of one chunk. Throws `UpstreamError` on a finish reason that is a failure. */
  chunk(chunk: JsonObject): StreamEvent[] {
    this.readTotals(chunk);
    // Azure's prelude and every usage-only chunk have no choices; an asynchronous filter chunk has no delta.
    const choice = objectsOf(chunk['choices']).find((candidate) => choiceIndex(candidate) === 0);
    if (choice === undefined) return [];
    const events: StreamEvent[] = this.started ? [] : [this.start(chunk)];
    const delta = objectOf(choice['delta']) ?? objectOf(choice['message']);
    // Content after the finish reason belongs to nothing.
    if (delta !== undefined && !this.finished) this.deltas.read(delta);
    this.logprobs.add(choice['logprobs']);
    this.readFinish(choice, chunk);
    events.push(...this.sequencer.take());
    return events;
  }

  /** Events of a chunk that is known to carry this delta of choice 0 and nothing else. */
  delta(delta: JsonObject): StreamEvent[] {
    if (this.finished) return [];
    this.deltas.read(delta);
    return this.sequencer.take();
  }

  /**
   * What is owed at the end. `terminated`: the host said `[DONE]` or the answer was JSON; `closed`: the connection ended.
   * Throws `UpstreamError`: `truncated` when the answer broke off, `invalid_answer` when it holds nothing.
   */
  end(how: 'terminated' | 'closed'): StreamEvent[] {
    if (this.started && !this.finished && (how === 'closed' || this.deltas.tools.hasUnfinished)) throw truncated();
    this.deltas.finish();
    this.sequencer.finish();
    if (this.deltas.tools.hasNameless) throw invalidAnswer('a tool call without a name');
    const stopReason = readFinishReason(this.finishReason, {
      hasToolCalls: this.deltas.tools.hasCalls,
      hasRefusal: this.deltas.hasRefusal,
      stopSequence: this.stopSequence,
    });
    const meansSomething = stopReason !== 'end' && stopReason !== 'tool-use';
    if (
      !this.started ||
      (!this.sequencer.hasContent && !meansSomething && totalOutput(this.usage.report.usage) === 0)
    ) {
      throw invalidAnswer('nothing');
    }
    this.isEnded = true;
    const logprobs = this.logprobs.value;
    return [
      ...this.sequencer.take(),
      ...(logprobs === undefined ? [] : [{ type: 'logprobs' as const, value: logprobs }]),
      {
        type: 'message-delta',
        stopReason,
        ...defined({ stopSequence: stopReason === 'stop-sequence' ? this.stopSequence : undefined }),
      },
      { type: 'message-end', usage: this.usage.report, ...defined({ serviceTier: this.serviceTier }) },
    ];
  }

  private start(chunk: JsonObject): StreamEvent {
    this.started = true;
    const created = numberOf(chunk['created']);
    const upstreamId = textOf(chunk['id']) ?? '';
    this.deltas.answerId = upstreamId;
    return {
      type: 'message-start',
      upstreamId,
      upstreamModel: textOf(chunk['model']) ?? '',
      usage: NO_USAGE,
      ...defined({
        createdS: created === 0 ? undefined : created,
        serviceTier: this.serviceTier,
        systemFingerprint: textOf(chunk['system_fingerprint']),
      }),
    };
  }

  private readTotals(chunk: JsonObject): void {
    this.serviceTier = textOf(chunk['service_tier']) ?? this.serviceTier;
    this.usage.read(chunk);
  }

  private readFinish(choice: JsonObject, chunk: JsonObject): void {
    this.stopSequence = textOf(choice['stop_reason']) ?? this.stopSequence;
    const reason = finishReasonIn(choice);
    if (reason === undefined) return;
    if (reason === 'error') throw innerError(choice['error'] ?? chunk['error']);
    if (reason === 'insufficient_system_resource') throw outOfResources();
    this.finished = true;
    this.finishReason = reason;
  }
}

/** The index of a choice; hosts that have only one may leave it out. */
export function choiceIndex(choice: JsonObject): number {
  return numberOf(choice['index']) ?? 0;
}
