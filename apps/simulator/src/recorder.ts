import type { IncomingHttpHeaders } from 'node:http';
import type { JsonObject } from '@switchyard/contract';
import type { SimulatedDialectId } from './voice.js';

const MAX_REQUESTS = 1_000;
const MAX_BODY_CHARACTERS = 64 * 1024 * 1024;

/** What reached the simulator and what became of it. Times are milliseconds since the epoch, with fractions. */
export interface RecordedRequest {
  /** The id this request is answered under (`request-id`, `x-request-id`). */
  readonly id: string;
  /** Null for a path that belongs to no dialect. */
  readonly dialect: SimulatedDialectId | null;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The first segment of the path's prefix, or the header `x-simulated-provider`. */
  readonly provider: string | null;
  readonly startedMs: number;
  readonly bodyText: string;
  /** Null when the body is no JSON object. */
  readonly body: JsonObject | null;
  readonly model: string | null;
  /** The fault that was played, as `mode:argument`. */
  readonly fault: string | null;
  /** The status that was sent, null before. */
  readonly status: number | null;
  readonly bytesWritten: number;
  readonly eventsWritten: number;
  /** Tokens of the content in those events, as the simulator's own tokenizer counts. */
  readonly tokensWritten: number;
  /** When the answer was complete, or broken off by its own fault. */
  readonly finishedMs: number | null;
  /** When the client went before its answer was complete. */
  readonly abortedMs: number | null;
  readonly aborted: boolean;
}

export type MutableRecord = { -readonly [Key in keyof RecordedRequest]: RecordedRequest[Key] };

interface Waiter {
  readonly wants: (request: RecordedRequest) => boolean;
  readonly found: (request: RecordedRequest) => void;
}

/** The last requests, oldest first, in a bounded list. */
export class Recorder {
  readonly #requests: MutableRecord[] = [];
  readonly #waiters = new Set<Waiter>();
  #characters = 0;

  get requests(): readonly RecordedRequest[] {
    return this.#requests;
  }

  add(record: MutableRecord): void {
    this.#requests.push(record);
    if (this.#requests.length > MAX_REQUESTS) this.#dropOldest();
    this.changed(record);
  }

  /** The request's body has arrived. */
  keepBody(record: MutableRecord, text: string): void {
    record.bodyText = text;
    this.#characters += text.length;
    while (this.#characters > MAX_BODY_CHARACTERS && this.#requests.length > 1) this.#dropOldest();
    this.changed(record);
  }

  changed(record: RecordedRequest): void {
    for (const waiter of this.#waiters) if (waiter.wants(record)) waiter.found(record);
  }

  clear(): void {
    this.#requests.length = 0;
    this.#characters = 0;
  }

  /**
   * The first recorded request that the predicate accepts, now or as soon as one changes so.
   * @throws Error after `timeoutMs`, naming what was recorded instead.
   */
  waitFor(wants: (request: RecordedRequest) => boolean, timeoutMs: number): Promise<RecordedRequest> {
    const known = this.#requests.find(wants);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        wants,
        found: (request) => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          resolve(request);
        },
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        reject(new Error(`no such request within ${timeoutMs} ms; recorded: ${this.#summary()}`));
      }, timeoutMs);
      this.#waiters.add(waiter);
    });
  }

  #dropOldest(): void {
    this.#characters -= this.#requests.shift()?.bodyText.length ?? 0;
  }

  #summary(): string {
    const lines = this.#requests.slice(-5).map((request) => {
      const end = request.aborted ? 'aborted' : request.finishedMs === null ? 'running' : 'finished';
      return `${request.method} ${request.path} ${request.model ?? '-'} ${request.status ?? '-'} ${end}`;
    });
    return lines.length === 0 ? 'nothing' : lines.join('; ');
  }
}
