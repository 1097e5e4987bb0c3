import { appendFile } from 'node:fs/promises';
import type { UsageRecord } from '../record.js';
import type { ShipperEvent } from './shipper-event.js';

/** Where usage records end up. */
export interface LedgerWriter {
  /** All or none; a record whose id is there already is a duplicate and changes nothing. */
  insert(records: readonly UsageRecord[]): Promise<{ readonly inserted: number; readonly duplicates: number }>;
  /** Keeps what the ledger cannot take, with the reason, for a person to look at. */
  setAside(record: string, reason: string): Promise<void>;
}

export interface FeedOptions {
  readonly ledger: LedgerWriter;
  /** The ledger itself is away, and what it was given is not to blame. */
  readonly isAway: (error: unknown) => boolean;
  readonly onEvent: (event: ShipperEvent) => void;
  /** File that gets a copy of what is set aside, one JSON object a line. */
  readonly setAsideFile: string;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
}

/** What is kept until the ledger has it: a record, or an entry that could not be read as one. */
type Parcel = ({ readonly record: UsageRecord } | { readonly record: null; readonly payload: string }) & {
  readonly key: string;
  readonly sinceMs: number;
  readonly settled: (() => void)[];
};
type RecordParcel = Extract<Parcel, { readonly record: UsageRecord }>;

const BATCH_MAX = 500;
/** What waits in memory; the rest stays in the journals. */
const PARCELS_MAX = 20_000;
const BACK_OFF_MIN_MS = 100;
const BACK_OFF_MAX_MS = 5_000;
const REASON_LENGTH_MAX = 1_000;

/**
 * Takes records to the ledger in batches, one at a time and in order, as fast as it takes them. Nothing is dropped: while
 * the ledger is away everything stays, and what it refuses is found by halving and set aside.
 */
export class LedgerFeed {
  private readonly parcels = new Map<string, Parcel>();
  private readonly counts = { inserted: 0, duplicates: 0, setAside: 0 };
  /** Of those who wait for the feed to be empty. */
  private readonly rejections = new Set<(error: Error) => void>();
  private unreadable = 0;
  private batchMax = BATCH_MAX;
  private backOffMs = BACK_OFF_MIN_MS;
  private awaySinceMs: number | null = null;
  private isWorking = false;
  private isStopped = false;
  private wake: () => void = () => undefined;

  constructor(private readonly options: FeedOptions) {}

  get hasRoom(): boolean {
    return this.parcels.size < PARCELS_MAX;
  }

  get status(): FeedStatus {
    const [oldest] = this.parcels.values();
    return {
      ...this.counts,
      pending: this.parcels.size,
      oldestPendingMs: oldest === undefined ? 0 : this.options.nowMs() - oldest.sinceMs,
      isLedgerAway: this.awaySinceMs !== null,
    };
  }

  /** The record of this id that the ledger does not have yet. */
  find(id: string): UsageRecord | null {
    return this.parcels.get(id)?.record ?? null;
  }

  /** `settled` is called when the ledger has the record, or it is set aside. Of two records with one id the first counts. */
  add(record: UsageRecord, settled: () => void): void {
    const known = this.parcels.get(record.id);
    if (known === undefined) this.keep({ record, key: record.id, sinceMs: this.options.nowMs(), settled: [settled] });
    else known.settled.push(settled);
  }

  /** An entry that is no record: it is set aside as it stands. */
  addUnreadable(payload: string, settled: () => void): void {
    this.unreadable += 1;
    const key = `unreadable ${this.unreadable}`;
    this.keep({ record: null, payload, key, sinceMs: this.options.nowMs(), settled: [settled] });
  }

  /** Resolves when everything added before is settled. Rejects with the ledger's error as soon as a try finds it away. */
  async drained(): Promise<void> {
    if (this.parcels.size === 0) return;
    if (this.isStopped) throw new Error('shipping has stopped');
    await new Promise<void>((resolve, reject) => {
      let left = this.parcels.size;
      const countDown = (): void => {
        left -= 1;
        if (left > 0) return;
        this.rejections.delete(reject);
        resolve();
      };
      for (const parcel of this.parcels.values()) parcel.settled.push(countDown);
      this.rejections.add(reject);
      this.wake();
    });
  }

  /** Begins no further batch; what is left stays in the journals. */
  stop(): void {
    this.isStopped = true;
    this.rejectAll(new Error('shipping has stopped'));
    this.wake();
  }

  private keep(parcel: Parcel): void {
    this.parcels.set(parcel.key, parcel);
    if (this.isWorking || this.isStopped) return;
    this.isWorking = true;
    // What one read brings is added in one go, and leaves in one batch.
    queueMicrotask(() => {
      void this.work();
    });
  }

  /** Never rejects. */
  private async work(): Promise<void> {
    while (this.parcels.size > 0 && !this.isStopped) {
      try {
        await this.deliver(this.nextBatch());
        this.noteBack();
      } catch (error) {
        await this.noteAway(error);
      }
    }
    this.isWorking = false;
  }

  private nextBatch(): readonly Parcel[] {
    const batch: Parcel[] = [];
    for (const parcel of this.parcels.values()) {
      if (batch.push(parcel) === this.batchMax) break;
    }
    return batch;
  }

  /** Throws when the ledger is away; what has been settled by then is no longer among the parcels. */
  private async deliver(batch: readonly Parcel[]): Promise<void> {
    const records = batch.filter((parcel): parcel is RecordParcel => parcel.record !== null);
    if (records.length > 0) await this.insert(records);
    for (const parcel of batch) {
      if (parcel.record === null) await this.setAside(parcel, parcel.payload, 'not a usage record');
    }
  }

  private async insert(parcels: readonly RecordParcel[]): Promise<void> {
    try {
      const { inserted, duplicates } = await this.options.ledger.insert(parcels.map(({ record }) => record));
      this.counts.inserted += inserted;
      this.counts.duplicates += duplicates;
      for (const parcel of parcels) this.settle(parcel);
    } catch (error) {
      if (this.options.isAway(error)) throw error;
      await this.insertApart(parcels, error);
    }
  }

  /** One of them is to blame: halves are tried until it is alone. */
  private async insertApart(parcels: readonly RecordParcel[], error: unknown): Promise<void> {
    const [first] = parcels;
    if (parcels.length === 1 && first !== undefined) {
      await this.setAside(first, JSON.stringify(first.record), messageOf(error));
      return;
    }
    const half = Math.ceil(parcels.length / 2);
    await this.insert(parcels.slice(0, half));
    await this.insert(parcels.slice(half));
  }

  /**
   * The ledger has to take it here at least: when it does not even do that, the fault is its own, and nothing may be
   * called settled.
   */
  private async setAside(parcel: Parcel, text: string, cause: string): Promise<void> {
    const reason = cause.slice(0, REASON_LENGTH_MAX);
    try {
      await this.options.ledger.setAside(text, reason);
    } catch (error) {
      // Others are not kept waiting behind it.
      this.parcels.delete(parcel.key);
      this.parcels.set(parcel.key, parcel);
      throw error;
    }
    await this.copySetAside(text, reason);
    this.counts.setAside += 1;
    this.options.onEvent({ type: 'set_aside', id: parcel.record?.id ?? null, reason });
    this.settle(parcel);
  }

  private async copySetAside(record: string, reason: string): Promise<void> {
    try {
      await appendFile(this.options.setAsideFile, `${JSON.stringify({ reason, record })}\n`, { mode: 0o600 });
    } catch (error) {
      this.options.onEvent({ type: 'fault', error: error as Error });
    }
  }

  private settle(parcel: Parcel): void {
    this.parcels.delete(parcel.key);
    for (const settled of parcel.settled) settled();
  }

  private noteBack(): void {
    this.backOffMs = BACK_OFF_MIN_MS;
    this.batchMax = Math.min(this.batchMax * 2, BATCH_MAX);
    if (this.awaySinceMs === null) return;
    this.options.onEvent({ type: 'ledger_back', awayMs: this.options.nowMs() - this.awaySinceMs });
    this.awaySinceMs = null;
  }

  /** The next batch is smaller: a slow ledger may be one that is given too much at once. */
  private async noteAway(cause: unknown): Promise<void> {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    this.batchMax = Math.max(1, Math.floor(this.batchMax / 2));
    if (this.awaySinceMs === null) {
      this.awaySinceMs = this.options.nowMs();
      this.options.onEvent({ type: 'ledger_away', error });
    }
    const pause = this.pause(this.backOffMs);
    this.backOffMs = Math.min(this.backOffMs * 2, BACK_OFF_MAX_MS);
    this.rejectAll(error);
    await pause;
  }

  private rejectAll(error: Error): void {
    const rejections = [...this.rejections];
    this.rejections.clear();
    for (const reject of rejections) reject(error);
  }

  private async pause(ms: number): Promise<void> {
    if (this.isStopped) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = () => undefined;
  }
}

export interface FeedStatus {
  /** Records that the ledger does not have yet. */
  readonly pending: number;
  /** Since the oldest of them was read; 0 = there is none. */
  readonly oldestPendingMs: number;
  readonly inserted: number;
  readonly duplicates: number;
  readonly setAside: number;
  readonly isLedgerAway: boolean;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
