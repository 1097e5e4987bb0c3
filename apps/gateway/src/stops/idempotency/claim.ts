import type { ClientSink, Outcome } from '@switchyard/dispatch';
import type { ClaimAsk } from './claim-store.js';
import type { KeptAnswer } from './sealed-answer.js';
import { AnswerTape } from './answer-tape.js';
import type { TapeRoom } from './answer-tape.js';

/** What becomes of claims, for those who keep them. */
export interface ClaimDesk {
  readonly room: TapeRoom;
  /** `answer` is `null` where it may or can not be kept. `done` is called when it is stored, or cannot be for now. */
  completed(claim: Claim, answer: KeptAnswer | null, done: () => void): void;
  released(claim: Claim): void;
}

/** The right of one request to be the only one under its `Idempotency-Key`, until it ends. */
export class Claim {
  private state: 'running' | 'answered' | 'over' = 'running';
  private tape: AnswerTape | null = null;

  /** `key` seals the answer. */
  constructor(
    private readonly desk: ClaimDesk,
    readonly ask: ClaimAsk,
    readonly key: Buffer,
    readonly keepMs: number,
    private readonly maxAnswerBytes: number,
  ) {}

  /**
   * The sink with a copy of what goes through it, which is kept if the request completes. `headers` are those that go with
   * every answer. `mayKeep` is false where a policy forbids that anybody keeps the answer: then nothing is copied.
   */
  copying(sink: ClientSink, headers: Readonly<Record<string, string>>, mayKeep: boolean): ClientSink {
    const bounds = { bytes: mayKeep ? this.maxAnswerBytes : 0, room: this.desk.room };
    this.tape = new AnswerTape(sink, headers, bounds, (answer, passOn) => {
      this.end(answer, passOn);
    });
    return this.tape;
  }

  /** How the request ended, before the last of its answer is written. Only a completed one is not to run again. */
  settled({ status }: Outcome): void {
    if (status !== 'completed') this.release();
    else if (this.state === 'running') this.state = 'answered';
  }

  /** The request ended without an answer that was paid for. Nothing happens once it has one. */
  release(): void {
    if (this.state !== 'running') return;
    this.state = 'over';
    this.tape?.drop();
    this.desk.released(this);
  }

  private end(answer: KeptAnswer | null, passOn: () => void): void {
    if (this.state !== 'answered') {
      passOn();
      return;
    }
    this.state = 'over';
    this.desk.completed(this, answer, passOn);
  }
}
