import type { Citation, Signature, StreamEvent } from '@switchyard/conversation';
import { JsonCompletion } from './json-completion.js';

/** A tool call while it arrives. */
export interface PendingCall {
  readonly kind: 'call';
  id: string;
  name: string;
  callKind: 'function' | 'custom';
  /** What has arrived and was not emitted yet. */
  held: string;
  readonly completion: JsonCompletion;
  started: boolean;
}

/** A run of text, thinking or refusal, or a block that comes in one. */
interface PendingRun {
  readonly kind: 'text' | 'thinking' | 'refusal';
  /** Events not emitted yet, while an earlier block is open. */
  held: StreamEvent[];
  started: boolean;
  signature: Signature | undefined;
  /** All of a thinking run's text, to recognise it when its signature repeats it. */
  whole: string;
  detailIndex: number | undefined;
}
interface PendingWhole {
  readonly kind: 'whole';
  readonly event: StreamEvent;
}
type Pending = PendingCall | PendingRun | PendingWhole;

/**
 * Puts the interleaved pieces of a chat stream into strictly sequential blocks. Blocks queue in the order of their first
 * piece. The first one is emitted as it arrives, the others are held until it is finished: a run as soon as anything
 * follows it, a tool call when its arguments are complete JSON and something follows, everything at the end of the stream.
 */
export class BlockSequencer {
  private readonly queue: Pending[] = [];
  private events: StreamEvent[] = [];
  /** Anything of substance was seen, emitted or held. */
  hasContent = false;

  /** The events produced since the last call. */
  take(): StreamEvent[] {
    const { events } = this;
    this.events = [];
    return events;
  }

  text(text: string): void {
    this.push(this.run('text'), { type: 'text-delta', text });
  }

  refusal(text: string): void {
    this.push(this.run('refusal'), { type: 'refusal-delta', text });
  }

  citation(citation: Citation): void {
    this.push(this.run('text'), { type: 'citation', citation });
  }

  /** `detailIndex` tells one signed piece of reasoning from the next; undefined = the one that is open. */
  thinking(text: string, detailIndex?: number): void {
    const run = this.thinkingRun(detailIndex);
    run.whole += text;
    this.push(run, { type: 'thinking-delta', text });
  }

  /** A proof for the thinking that is open; repeats of its text are not new text. */
  signThinking(signature: Signature, text: string, detailIndex: number | undefined): void {
    const last = this.queue.at(-1);
    const repeats = last?.kind === 'thinking' && last.signature === undefined && last.whole === text;
    const run = repeats ? last : this.thinkingRun(detailIndex);
    if (!repeats && text !== '') {
      run.whole += text;
      this.push(run, { type: 'thinking-delta', text });
    }
    run.signature = signature;
    run.detailIndex = detailIndex ?? run.detailIndex;
    this.hasContent = true;
  }

  /** A block that comes in one piece. */
  whole(event: Extract<StreamEvent, { type: 'redacted-thinking' | 'image' | 'opaque' }>): void {
    this.hasContent = true;
    this.queue.push({ kind: 'whole', event });
    this.advance();
  }

  /** Opens the place of a tool call in the order of blocks. */
  call(): PendingCall {
    const call: PendingCall = {
      kind: 'call',
      id: '',
      name: '',
      callKind: 'function',
      held: '',
      completion: new JsonCompletion(),
      started: false,
    };
    this.queue.push(call);
    this.advance();
    return call;
  }

  /** Arguments, or a name or id, have arrived for a call. */
  continueCall(call: PendingCall, fragment: string): void {
    call.completion.push(fragment);
    call.held += fragment;
    if (call.name !== '') this.hasContent = true;
    if (this.queue[0] !== call) return;
    this.emitCall(call);
    this.advance();
  }

  /** Closes everything, in order. A place that never became a call is dropped. */
  finish(): void {
    for (const pending of this.queue.splice(0)) {
      this.emit(pending);
      this.close(pending);
    }
  }

  private run(kind: PendingRun['kind']): PendingRun {
    const last = this.queue.at(-1);
    if (last?.kind === kind) return last;
    const run: PendingRun = { kind, held: [], started: false, signature: undefined, whole: '', detailIndex: undefined };
    this.queue.push(run);
    this.advance();
    return run;
  }

  private thinkingRun(detailIndex: number | undefined): PendingRun {
    const last = this.queue.at(-1);
    const continues =
      last?.kind === 'thinking' &&
      last.signature === undefined &&
      (detailIndex === undefined || last.detailIndex === undefined || last.detailIndex === detailIndex);
    if (!continues && last?.kind === 'thinking') {
      this.queue.push({ kind: 'thinking', held: [], started: false, signature: undefined, whole: '', detailIndex });
      this.advance();
    }
    const run = this.run('thinking');
    run.detailIndex ??= detailIndex;
    return run;
  }

  private push(run: PendingRun, event: StreamEvent): void {
    this.hasContent = true;
    run.held.push(event);
    if (this.queue[0] === run) this.emit(run);
  }

  /** Lets the queue move on while its head is finished. */
  private advance(): void {
    for (let head = this.queue[0]; head !== undefined; head = this.queue[0]) {
      this.emit(head);
      if (head.kind !== 'whole' && (this.queue.length === 1 || !isFinished(head))) return;
      this.close(head);
      this.queue.shift();
    }
  }

  private emit(pending: Pending): void {
    switch (pending.kind) {
      case 'whole':
        return;
      case 'call':
        this.emitCall(pending);
        return;
      default:
        if (pending.held.length === 0) return;
        if (!pending.started) this.events.push(RUN_STARTS[pending.kind]);
        pending.started = true;
        this.events.push(...pending.held);
        pending.held = [];
    }
  }

  private emitCall(call: PendingCall): void {
    if (call.name === '') return;
    if (!call.started) {
      this.events.push({ type: 'tool-call-start', id: call.id, name: call.name, kind: call.callKind });
      call.started = true;
    }
    if (call.held !== '') this.events.push({ type: 'tool-call-delta', arguments: call.held });
    call.held = '';
  }

  private close(pending: Pending): void {
    if (pending.kind === 'whole') {
      this.events.push(pending.event);
      return;
    }
    if (pending.kind === 'thinking' && pending.signature !== undefined) {
      if (!pending.started) this.events.push(RUN_STARTS.thinking);
      pending.started = true;
      this.events.push({ type: 'thinking-signature', signature: pending.signature });
    }
    if (pending.started) this.events.push({ type: 'block-end' });
  }
}

const RUN_STARTS: Readonly<Record<PendingRun['kind'], StreamEvent>> = {
  text: { type: 'text-start' },
  thinking: { type: 'thinking-start' },
  refusal: { type: 'refusal-start' },
};

function isFinished(pending: PendingCall | PendingRun): boolean {
  return pending.kind !== 'call' || (pending.name !== '' && pending.completion.complete);
}
