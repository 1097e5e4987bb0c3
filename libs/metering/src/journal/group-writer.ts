import { FrameBuffer } from './frame.js';
import { HEARTBEAT_MS } from './owner.js';
import type { SegmentWriter } from './segment-writer.js';

/** What is safe once it is written: from the death of the process, or from the loss of power too. */
export type Durability = 'process' | 'disk';

/** A payload on its way into the file. */
export interface Item {
  readonly payload: string;
  /** Tried again until it is written. Others fail with the first error. */
  readonly isKept: boolean;
  /**
   * `null`: it is as safe as `durability` says. An error: it is not; `isInFile` tells whether a reader may see it all the same.
   * A kept item is told `null` in the end, and errors before that while it has waited for `GIVE_UP_MS`.
   */
  readonly settle: (error: Error | null, isInFile: boolean) => void;
}

/** What is not urgent waits so long for something to be written with. */
const LINGER_MS = 1_000;
/** With durability `process`, the loss of power costs what was written within this time. */
const SYNC_MS = 100;
const RETRY_MS = 100;
const GIVE_UP_MS = 2_000;
const CLOSE_MS = 3_000;
const CLOSE_POLL_MS = 10;

/**
 * Group commit: everything added in one turn of the event loop is written at once. While the file system refuses, kept
 * items wait and others are refused at once, but for one try every `RETRY_MS`.
 */
export class GroupWriter {
  private readonly frames = new FrameBuffer();
  private queue: Item[] = [];
  /** Kept items that failed, with the time from which their owners are told. */
  private readonly failed = new Map<Item, number>();
  /** Written, and waiting for the disk. */
  private syncing: readonly Item[] = [];
  private syncEnd: Promise<void> | null = null;
  private isDirty = false;
  private isFlushDue = false;
  private isClosed = false;
  private readonly timers: { linger?: NodeJS.Timeout; retry?: NodeJS.Timeout; sync?: NodeJS.Timeout } = {};
  private readonly heart: NodeJS.Timeout;
  private heartbeatAtMs = performance.now();
  private retryAtMs = 0;
  private fault: Error | null = null;
  private readonly counts = { bytesWritten: 0, syncs: 0, failures: 0 };

  /** `carried` answers the payloads that a new segment repeats. */
  constructor(
    private readonly segments: SegmentWriter,
    private readonly durability: Durability,
    private readonly carried: () => readonly string[],
    private readonly onFault: (error: Error) => void,
  ) {
    this.heart = setInterval(() => {
      this.beat();
    }, HEARTBEAT_MS);
    this.heart.unref();
  }

  /** `bytesWritten` counts frames, `failures` refused writes and syncs, `pending` what is not yet safe. */
  get status(): { bytesWritten: number; syncs: number; failures: number; pending: number; isFailing: boolean } {
    const pending = this.queue.length + this.failed.size + this.syncing.length;
    return { ...this.counts, pending, isFailing: this.fault !== null };
  }

  /** Written at the end of this turn of the event loop. */
  add(item: Item): void {
    if (this.fault !== null && !this.takeInFault(item, this.fault)) return;
    this.queue.push(item);
    if (this.isFlushDue) return;
    this.isFlushDue = true;
    setImmediate(() => {
      this.flush();
    });
  }

  /** Written with whatever comes next. */
  addLazily(item: Item): void {
    if (this.fault !== null && !this.takeInFault(item, this.fault)) return;
    this.queue.push(item);
    this.timers.linger ??= setTimeout(() => {
      this.flush();
    }, LINGER_MS).unref();
  }

  /**
   * Writes what waits, then `last`, and closes the files. Rejects when something could not be written for `CLOSE_MS`;
   * then `last` is not written either, and the files are closed all the same.
   */
  async close(last: string): Promise<void> {
    clearInterval(this.heart);
    await this.untilEmpty();
    this.isClosed = true;
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    const { pending } = this.status;
    try {
      if (pending === 0) await this.writeLast(last);
    } finally {
      this.segments.close();
    }
    if (pending > 0) throw new Error(`${pending} journal entries could not be written`, { cause: this.fault });
  }

  private async untilEmpty(): Promise<void> {
    const deadlineMs = performance.now() + CLOSE_MS;
    this.flush();
    while (this.status.pending > 0 && performance.now() < deadlineMs) {
      await new Promise((resolve) => setTimeout(resolve, CLOSE_POLL_MS));
    }
  }

  private async writeLast(payload: string): Promise<void> {
    await this.syncEnd;
    const { error } = this.write([{ payload, isKept: false, settle: () => undefined }]);
    if (error === null) await this.segments.sync();
    else this.onFault(error);
  }

  /** While writing fails, what is kept waits for the next try, and the rest is refused between two tries. */
  private takeInFault(item: Item, fault: Error): boolean {
    if (item.isKept) {
      this.failed.set(item, performance.now() + GIVE_UP_MS);
      this.retryLater();
      return false;
    }
    if (this.syncEnd === null && performance.now() >= this.retryAtMs) return true;
    queueMicrotask(() => {
      item.settle(fault, false);
    });
    return false;
  }

  private flush(): void {
    this.isFlushDue = false;
    if (this.isClosed) return;
    clearTimeout(this.timers.linger);
    delete this.timers.linger;
    // The end of the sync flushes what gathers in the meantime.
    if (this.durability === 'disk' && this.syncEnd !== null) return;
    const items = this.failed.size === 0 ? this.queue : [...this.failed.keys(), ...this.queue];
    if (items.length === 0) return;
    this.queue = [];
    const { frames, error } = this.write(items);
    const written = error === null ? items : items.slice(0, frames);
    for (const item of written) this.failed.delete(item);
    if (error !== null) this.fail(items.slice(frames), error, false);
    if (written.length > 0) this.secure(written, error === null);
  }

  private secure(written: readonly Item[], isWhole: boolean): void {
    if (this.durability === 'disk') {
      this.syncThenSettle(written, isWhole);
      return;
    }
    if (isWhole) this.fault = null;
    for (const item of written) item.settle(null, true);
    this.syncLater();
  }

  private write(items: readonly Item[]): { readonly frames: number; readonly error: Error | null } {
    try {
      this.takePlace();
      this.frames.clear();
      for (const { payload } of items) this.frames.append(payload);
      const appended = this.segments.append(this.frames);
      this.counts.bytesWritten += this.frames.ends[appended.frames - 1] ?? 0;
      return appended;
    } catch (error) {
      return { frames: 0, error: error as Error };
    }
  }

  /** Sees to it that what is written next will be found. Throws what the file system throws. */
  private takePlace(): void {
    // A process that was stopped for long may find its journal taken for a dead one's.
    if (performance.now() - this.heartbeatAtMs >= HEARTBEAT_MS) this.showLife();
    if (this.segments.isFull) this.segments.rotate(this.carried());
  }

  private showLife(): void {
    if (!this.segments.heartbeat()) {
      this.segments.establish(this.carried());
      this.onFault(new Error('the journal was taken away; the running requests are in a new one'));
    }
    this.heartbeatAtMs = performance.now();
  }

  private beat(): void {
    try {
      this.showLife();
    } catch (error) {
      this.onFault(error as Error);
    }
  }

  private syncThenSettle(written: readonly Item[], isWhole: boolean): void {
    this.syncing = written;
    const patience = setTimeout(() => {
      this.giveUpOnDisk();
    }, GIVE_UP_MS);
    this.syncEnd = this.segments.sync().then(
      () => {
        this.counts.syncs += 1;
        if (isWhole) this.fault = null;
        for (const item of this.syncing) item.settle(null, true);
      },
      (error: unknown) => {
        this.segments.abandon();
        this.fail(this.syncing, error as Error, true);
      },
    );
    void this.syncEnd.finally(() => {
      clearTimeout(patience);
      this.syncEnd = null;
      this.syncing = [];
      this.flush();
    });
  }

  /** The disk neither takes nor refuses. What it has been given is answered; what is kept stays on its way. */
  private giveUpOnDisk(): void {
    const stalled = this.syncing;
    const error = new Error('the disk of the journal does not answer');
    this.syncing = stalled.filter((item) => item.isKept);
    const waiting = this.queue;
    this.queue = [];
    this.fail(waiting, error, false);
    for (const item of stalled) item.settle(error, true);
  }

  private fail(items: readonly Item[], error: Error, isInFile: boolean): void {
    this.counts.failures += 1;
    const nowMs = performance.now();
    this.retryAtMs = nowMs + RETRY_MS;
    const isNews = this.fault === null;
    this.fault = error;
    if (isNews) this.onFault(error);
    for (const item of items) {
      if (!item.isKept) item.settle(error, isInFile);
      else if (!this.failed.has(item)) this.failed.set(item, nowMs + GIVE_UP_MS);
    }
    this.retryLater();
  }

  private retryLater(): void {
    if (this.failed.size === 0) return;
    this.timers.retry ??= setTimeout(() => {
      delete this.timers.retry;
      this.flush();
      this.tellOverdue();
      this.retryLater();
    }, RETRY_MS);
  }

  private tellOverdue(): void {
    const nowMs = performance.now();
    for (const [item, atMs] of this.failed) {
      if (atMs > nowMs || this.fault === null) continue;
      this.failed.set(item, Infinity);
      item.settle(this.fault, false);
    }
  }

  private syncLater(): void {
    this.isDirty = true;
    if (this.syncEnd !== null || this.isClosed) return;
    this.timers.sync ??= setTimeout(() => {
      delete this.timers.sync;
      this.syncInBackground();
    }, SYNC_MS).unref();
  }

  private syncInBackground(): void {
    this.isDirty = false;
    this.syncEnd = this.segments.sync().then(
      () => {
        this.counts.syncs += 1;
      },
      (error: unknown) => {
        this.counts.failures += 1;
        this.segments.abandon();
        this.onFault(error as Error);
      },
    );
    void this.syncEnd.finally(() => {
      this.syncEnd = null;
      if (this.isDirty) this.syncLater();
    });
  }
}
