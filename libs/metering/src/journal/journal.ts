import type { UsageRecord } from '../record.js';
import { atCheckpoint } from './checkpoint.js';
import type { Checkpoint } from './checkpoint.js';
import { beginPayload, checkpointPayload, END_PAYLOAD, finishPayload, withdrawPayload } from './entry.js';
import { PAYLOAD_LENGTH_MAX } from './frame.js';
import { GroupWriter } from './group-writer.js';
import type { Durability } from './group-writer.js';
import { SegmentWriter } from './segment-writer.js';
import type { JournalFiles } from './segment-writer.js';

export interface JournalOptions {
  /** Of this process alone, and of this one start of it: made here, and removed by the shipper. */
  readonly directory: string;
  readonly durability: Durability;
  /** A segment is closed when it has grown by so much. Default 16 MiB. */
  readonly segmentBytes?: number;
  /** Told when writing begins to fail, and of failures that no request waits for. */
  readonly onFault: (error: Error) => void;
}

/** Called once. `null` = the entry is as safe as the journal's durability says. */
export type Written = (error: Error | null) => void;

export interface JournalStatus {
  readonly bytesWritten: number;
  readonly syncs: number;
  /** Writes and syncs that the file system refused. */
  readonly failures: number;
  /** Entries that are not safe yet. */
  readonly pending: number;
  readonly isFailing: boolean;
}

const SEGMENT_BYTES = 16 * 1024 * 1024;

/** What one process says of its requests before and after each, in files of its own that outlive it. */
export class Journal {
  /** As a reader knows them: what a new segment repeats. */
  private readonly running = new Map<string, UsageRecord>();
  private readonly writer: GroupWriter;
  private isClosed = false;

  private constructor({ durability, onFault }: JournalOptions, segments: SegmentWriter) {
    this.writer = new GroupWriter(segments, durability, () => [...this.running.values()].map(beginPayload), onFault);
  }

  /** Throws what the file system throws, `EEXIST` when the directory is there already. */
  static open(options: JournalOptions, files?: JournalFiles): Journal {
    const segments = new SegmentWriter(options.directory, options.segmentBytes ?? SEGMENT_BYTES, files);
    segments.establish([]);
    return new Journal(options, segments);
  }

  get status(): JournalStatus {
    return this.writer.status;
  }

  /**
   * A request is about to reach an upstream. `record` is what it leaves if it never ends: status `orphaned`. After an error
   * nothing is recorded of it, and it must not go on.
   */
  begin(record: UsageRecord, written: Written): void {
    const payload = beginPayload(record);
    if (this.refuses(payload, written)) return;
    this.writer.add({
      payload,
      isKept: false,
      settle: (error, isInFile) => {
        if (error === null) this.running.set(record.id, record);
        else if (isInFile) this.withdraw(record.id);
        written(error);
      },
    });
  }

  /** What the request has used so far; written with whatever comes next, at the latest a second later. */
  checkpoint(checkpoint: Checkpoint): void {
    const record = this.running.get(checkpoint.id);
    if (record === undefined || this.isClosed) return;
    this.running.set(checkpoint.id, atCheckpoint(record, checkpoint));
    this.writer.addLazily({ payload: checkpointPayload(checkpoint), isKept: false, settle: () => undefined });
  }

  /**
   * The request has ended. After an error, which comes when writing has failed for two seconds, the record is still kept
   * in memory and tried again.
   */
  finish(record: UsageRecord, written: Written): void {
    const payload = finishPayload(record);
    if (this.refuses(payload, written)) return;
    let isAnswered = false;
    this.writer.add({
      payload,
      isKept: true,
      settle: (error) => {
        if (error === null) this.running.delete(record.id);
        if (isAnswered) return;
        isAnswered = true;
        written(error);
      },
    });
  }

  /**
   * Takes no more entries, writes what waits and that nothing follows. Rejects when the file system does not take it within
   * seconds; the files are closed all the same.
   */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    await this.writer.close(END_PAYLOAD);
  }

  /** A request that was refused left its beginning in the file: it is not one that died. */
  private withdraw(id: string): void {
    this.writer.add({ payload: withdrawPayload(id), isKept: true, settle: () => undefined });
  }

  private refuses(payload: string, written: Written): boolean {
    const reason = this.isClosed
      ? 'the journal is closed'
      : payload.length > PAYLOAD_LENGTH_MAX && `a journal entry of ${payload.length} characters is too long`;
    if (reason === false) return false;
    queueMicrotask(() => {
      written(new Error(reason));
    });
    return true;
  }
}
