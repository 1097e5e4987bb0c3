import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { atCheckpoint } from '../journal/checkpoint.js';
import { readEntry } from '../journal/entry.js';
import type { Entry } from '../journal/entry.js';
import { segmentName } from '../journal/segment-name.js';
import type { UsageRecord } from '../record.js';
import { SegmentReader } from './segment-reader.js';
import { segmentsIn, withoutMissing } from './segments-in.js';

/** Takes what a journal says. `settled` is to be called when the ledger has it. */
export interface TailSink {
  readonly finished: (record: UsageRecord, settled: () => void) => void;
  readonly orphaned: (record: UsageRecord, settled: () => void) => void;
  readonly unreadable: (payload: string, settled: () => void) => void;
  readonly damaged: (segment: number, bytes: number) => void;
  readonly hasRoom: () => boolean;
}

interface Segment {
  readonly number: number;
  readonly reader: SegmentReader;
  /** There is a next one, and this one was read to its end. */
  isRead: boolean;
  isDamaged: boolean;
  /** Entries that the ledger does not have yet. */
  unsettled: number;
}

/** Folder beside the journals for segments with damage: what cannot be read is not thrown away either. */
const DAMAGED_FOLDER = 'journal-damaged';

/** Follows the segments of one journal, and removes them once everything in them is settled. */
export class JournalTail {
  /** Requests that have begun and not finished, at their last checkpoint. */
  private readonly running = new Map<string, UsageRecord>();
  private segments: Segment[] = [];
  private ended = false;

  /** `nowMs` is monotonic. */
  constructor(
    private readonly sink: TailSink,
    private readonly nowMs: () => number,
  ) {}

  /** The process closed its journal, and this has been read. */
  get hasEnded(): boolean {
    return this.ended;
  }

  get isSettled(): boolean {
    return this.segments.every((segment) => segment.unsettled === 0);
  }

  /**
   * Reads on in `directory`. `isFinal`: nobody writes it any more. True: everything that was written before this call has
   * been read. False: there was no more room. Throws what the file system throws.
   */
  async read(directory: string, isFinal: boolean): Promise<boolean> {
    // A segment that has a next one grows no more; listing comes first, so that this is true of all but the last.
    const numbers = await segmentsIn(directory);
    for (const number of numbers) {
      const segment = await this.enter(number);
      if (segment === null) continue;
      const hasNext = number !== numbers.at(-1);
      const path = join(directory, segmentName(number));
      const isAtEnd = await segment.reader.read(path, isFinal || hasNext).catch(withoutMissing(null));
      if (isAtEnd === false) return false;
      segment.isRead = isAtEnd === true && hasNext;
    }
    return true;
  }

  /** Nobody will finish what is running now. Answers how many these are. */
  orphanRunning(): number {
    const last = this.segments.at(-1);
    if (last === undefined) return 0;
    const orphans = [...this.running.values()];
    this.running.clear();
    for (const record of orphans) {
      this.sink.orphaned({ ...record, status: 'orphaned' }, this.unsettledIn(last));
    }
    return orphans.length;
  }

  /**
   * Removes segments that are no longer needed, oldest first: what is finished in one is begun in it or in an earlier one,
   * so that no order of crashes makes a finished request look like a running one.
   */
  async prune(directory: string): Promise<void> {
    for (;;) {
      const [oldest, next] = this.segments;
      if (oldest === undefined || next === undefined || !oldest.isRead || oldest.unsettled > 0) return;
      // The next one repeats what is still running. It must not be lost with the power after this one is gone.
      await syncToDisk(join(directory, segmentName(next.number)));
      await syncToDisk(directory);
      await this.dispose(directory, oldest);
      this.segments.shift();
    }
  }

  /** Removes a journal that is read to its end and settled. */
  async remove(directory: string): Promise<void> {
    for (const segment of this.segments) await this.dispose(directory, segment);
    this.segments = [];
    await rm(directory, { recursive: true, force: true });
  }

  async close(): Promise<void> {
    for (const { reader } of this.segments) await reader.close();
  }

  /** The segment of this number, to be read; `null` = that is done. */
  private async enter(number: number): Promise<Segment | null> {
    const last = this.segments.at(-1);
    if (last !== undefined && number < last.number) return null;
    if (last?.number === number) return last;
    // Somebody else removed what was not read here: it was settled, and the next segment repeats what is running.
    if (last?.isRead === false || number !== (last?.number ?? 0) + 1) this.running.clear();
    await last?.reader.close();
    if (last !== undefined) last.isRead = true;
    const segment = this.segmentOf(number);
    this.segments.push(segment);
    return segment;
  }

  private segmentOf(number: number): Segment {
    const sink = {
      payload: (payload: string): void => {
        this.take(readEntry(payload), segment);
      },
      damage: (bytes: number): void => {
        segment.isDamaged = true;
        this.sink.damaged(number, bytes);
      },
      hasRoom: this.sink.hasRoom,
    };
    const reader = new SegmentReader(sink, this.nowMs);
    const segment: Segment = { number, reader, isRead: false, isDamaged: false, unsettled: 0 };
    return segment;
  }

  private take(entry: Entry, segment: Segment): void {
    switch (entry.type) {
      case 'begin':
        this.running.set(entry.record.id, entry.record);
        return;
      case 'checkpoint': {
        const record = this.running.get(entry.checkpoint.id);
        if (record !== undefined) this.running.set(record.id, atCheckpoint(record, entry.checkpoint));
        return;
      }
      case 'withdraw':
        this.running.delete(entry.id);
        return;
      case 'finish':
        this.running.delete(entry.record.id);
        this.sink.finished(entry.record, this.unsettledIn(segment));
        return;
      case 'unreadable':
        this.sink.unreadable(entry.payload, this.unsettledIn(segment));
        return;
      case 'end':
        this.ended = true;
    }
  }

  private unsettledIn(segment: Segment): () => void {
    segment.unsettled += 1;
    return () => {
      segment.unsettled -= 1;
    };
  }

  private async dispose(directory: string, { number, reader, isDamaged }: Segment): Promise<void> {
    await reader.close();
    const path = join(directory, segmentName(number));
    if (isDamaged) await keepDamaged(path);
    await rm(path, { force: true });
  }
}

async function keepDamaged(path: string): Promise<void> {
  const journal = dirname(path);
  const folder = join(dirname(journal), '..', DAMAGED_FOLDER);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await rename(path, join(folder, `${basename(journal)}-${basename(path)}`)).catch(withoutMissing(undefined));
}

async function syncToDisk(path: string): Promise<void> {
  const handle = await open(path).catch(withoutMissing(null));
  if (handle === null) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
