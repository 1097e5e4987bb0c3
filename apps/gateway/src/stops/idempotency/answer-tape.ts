import type { ClientSink } from '@switchyard/dispatch';
import type { KeptAnswer } from './sealed-answer.js';

/** Headers that belong to the answer: whose record it is and who served it. How limits stood then is of no use later. */
const KEPT_HEADER = /^(?:request-id|x-request-id|x-generation-id|x-switchyard-.+)$/;

/** Memory for the copies of all answers that are under way. */
export class TapeRoom {
  private taken = 0;

  constructor(private readonly maxBytes: number) {}

  take(bytes: number): boolean {
    if (this.taken + bytes > this.maxBytes) return false;
    this.taken += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.taken -= bytes;
  }
}

export interface TapeBounds {
  /** 0 = no copy is made. */
  readonly bytes: number;
  readonly room: TapeRoom;
}

/** Passes an answer on to the client and keeps a copy of it, within bounds. */
export class AnswerTape implements ClientSink {
  private texts: string[] = [];
  private size = 0;
  private isWhole: boolean;
  private headers: Readonly<Record<string, string>> = {};

  /** `onEnd` is told the copy, `null` = there is none, and calls `passOn` for the client to get the last of the answer. */
  constructor(
    private readonly sink: ClientSink,
    private readonly commonHeaders: Readonly<Record<string, string>>,
    private readonly bounds: TapeBounds,
    private readonly onEnd: (answer: KeptAnswer | null, passOn: () => void) => void,
  ) {
    this.isWhole = bounds.bytes > 0;
  }

  send(status: number, headers: Readonly<Record<string, string>>, body: Buffer | string): void {
    this.headers = headers;
    this.add(body);
    this.finish(false, () => {
      this.sink.send(status, headers, body);
    });
  }

  start(headers: Readonly<Record<string, string>>): void {
    this.headers = headers;
    this.sink.start(headers);
  }

  write(text: string): boolean {
    this.add(text);
    return this.sink.write(text);
  }

  end(text: string): void {
    this.add(text);
    this.finish(true, () => {
      this.sink.end(text);
    });
  }

  onceDrained(listener: () => void): void {
    this.sink.onceDrained(listener);
  }

  destroy(): void {
    this.sink.destroy();
  }

  /** Forgets the copy: there will be no answer to keep. */
  drop(): void {
    this.isWhole = false;
    this.texts = [];
    this.bounds.room.giveBack(this.size);
    this.size = 0;
  }

  private add(text: Buffer | string): void {
    if (!this.isWhole) return;
    const bytes = Buffer.byteLength(text);
    if (this.size + bytes > this.bounds.bytes || !this.bounds.room.take(bytes)) {
      this.drop();
      return;
    }
    this.size += bytes;
    this.texts.push(text.toString());
  }

  private finish(streamed: boolean, passOn: () => void): void {
    const kept = Object.entries({ ...this.commonHeaders, ...this.headers }).filter(([name]) => KEPT_HEADER.test(name));
    const answer = this.isWhole ? { streamed, headers: Object.fromEntries(kept), body: this.texts.join('') } : null;
    this.drop();
    this.onEnd(answer, passOn);
  }
}
