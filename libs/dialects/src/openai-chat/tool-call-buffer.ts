import type { JsonObject } from '@switchyard/contract';
import type { BlockSequencer, PendingCall } from './block-sequencer.js';
import { numberOf, objectOf } from './fields.js';

/**
 * Finds the call that each tool delta belongs to. Hosts differ: an index (from 0 or 1), an id and no index (Mistral), the
 * same index for every call (Gemini's layer), a repeated or empty id or name on continuations (Qwen, Mistral), a whole
 * call in one delta (Ollama, xAI), a delta with nothing in it after the last call (Qwen), a number for an id.
 */
export class ToolCallBuffer {
  private readonly byIndex = new Map<number, PendingCall>();
  private readonly byId = new Map<string, PendingCall>();
  private last: PendingCall | undefined;
  private count = 0;

  /**
   * @param originalName undoes a renaming of the request
   * @param mintId makes an id for the n-th call of an answer, for hosts that give none
   */
  constructor(
    private readonly sequencer: BlockSequencer,
    private readonly originalName: (name: string) => string,
    private readonly mintId: (ordinal: number) => string,
  ) {}

  get hasCalls(): boolean {
    return this.count > 0;
  }

  /** True when some call's arguments broke off in the middle. */
  get hasUnfinished(): boolean {
    return [...this.byIndex.values(), ...this.byId.values(), ...(this.last ? [this.last] : [])].some(
      (call) => !call.completion.empty && !call.completion.complete && call.callKind === 'function',
    );
  }

  /** True when arguments arrived for a call that was never named, so that nobody can run it. */
  get hasNameless(): boolean {
    return [...this.byIndex.values(), ...(this.last ? [this.last] : [])].some(
      (call) => call.name === '' && !call.completion.empty,
    );
  }

  push(delta: JsonObject): void {
    const custom = objectOf(delta['custom']);
    const body = custom ?? objectOf(delta['function']) ?? {};
    const index = numberOf(delta['index']);
    const id = identifierOf(delta['id']);
    const name = identifierOf(body['name']);
    const fragment = argumentsOf(custom === undefined ? body['arguments'] : body['input']);
    const known = this.find(index, id, name);
    if (known === undefined && id === '' && name === '' && fragment === '') return;

    const call = known ?? this.sequencer.call();
    if (index !== undefined) this.byIndex.set(index, call);
    if (call.id === '' && id !== '') this.record(call, id);
    if (call.name === '' && name !== '') this.name(call, name, custom !== undefined || delta['type'] === 'custom');
    this.last = call;
    this.sequencer.continueCall(call, fragment);
  }

  private find(index: number | undefined, id: string, name: string): PendingCall | undefined {
    const sameId = id === '' ? undefined : this.byId.get(id);
    if (sameId !== undefined) return sameId;
    if (index === undefined) return id === '' && !this.beginsAnother(this.last, name) ? this.last : undefined;
    const sameIndex = this.byIndex.get(index);
    if (sameIndex === undefined || id === '' || sameIndex.id === '') return sameIndex;
    // Another id at the index of a finished call is another call; amid a call it is a host that numbers its deltas.
    const finished = sameIndex.completion.complete || (sameIndex.completion.empty && name !== '');
    return finished ? undefined : sameIndex;
  }

  /** Without index and id, only a name after complete arguments tells the next call from more of this one. */
  private beginsAnother(call: PendingCall | undefined, name: string): boolean {
    return call !== undefined && name !== '' && call.completion.complete;
  }

  private record(call: PendingCall, id: string): void {
    // An id minted because none had come stays: it was already sent on.
    call.id = id;
    this.byId.set(id, call);
  }

  private name(call: PendingCall, name: string, isCustom: boolean): void {
    this.count++;
    call.name = this.originalName(name);
    call.callKind = isCustom ? 'custom' : 'function';
    if (call.id === '') this.record(call, this.mintId(this.count));
  }
}

/** Ids and names are strings; old Ollama versions number their calls. */
function identifierOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : '';
}

/** Arguments are JSON text; some hosts send the object itself. */
function argumentsOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : '';
}
