import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ownIdentity } from '../journal/process-identity.js';
import type { UsageRecord } from '../record.js';
import { finishedIn } from './finished-in.js';
import { claimToken, JournalDirectory } from './journal-directory.js';
import { JournalTail } from './journal-tail.js';
import type { TailSink } from './journal-tail.js';
import { LedgerFeed } from './ledger-feed.js';
import type { FeedStatus, LedgerWriter } from './ledger-feed.js';
import { bytesIn } from './segments-in.js';
import type { ShipperEvent } from './shipper-event.js';

export interface ShipperOptions {
  /** Folder whose folders are journals; made when absent. */
  readonly root: string;
  readonly ledger: LedgerWriter;
  /** The ledger itself is away, and what it was given is not to blame: it is kept and tried again. */
  readonly isAway: (error: unknown) => boolean;
  /**
   * A request ended with its process, and this is all that is known. Called once by the process that recovers the journal;
   * again by the next one, should that die in the middle.
   */
  readonly onOrphan: (record: UsageRecord) => void;
  /**
   * A process that is no more had finished this request, and may have died before it told anybody but its journal. Called
   * for what the journal still holds, whatever of it is in the ledger.
   */
  readonly onFinished: (record: UsageRecord) => void;
  readonly onEvent: (event: ShipperEvent) => void;
  /** Between two looks at the journals. Default 100. */
  readonly pollMs?: number;
  /** Monotonic milliseconds. */
  readonly nowMs?: () => number;
}

export interface ShipperStatus extends FeedStatus {
  readonly orphans: number;
  /** Size of all journals, as of the last second. */
  readonly journalBytes: number;
  /** Stretches of segments that could not be read. */
  readonly damaged: number;
}

interface Journal {
  readonly directory: JournalDirectory;
  readonly tail: JournalTail;
  isAbandoned: boolean;
  /** `onFinished` was called for what it holds. */
  isReplayed: boolean;
  orphans: number;
}

const POLL_MS = 100;
/** Between two looks for processes that died. */
const SCAN_MS = 1_000;
const STOP_MS = 5_000;
const SET_ASIDE_FILE = 'ledger-dead.ndjson';

/**
 * Brings what the journals below one folder say into the ledger, as they grow, and recovers the journals of processes that
 * are no more. Several may work on one folder: the ledger takes each record once, and each dead journal is one's alone.
 */
export class Shipper {
  private journals: Journal[] = [];
  private readonly feed: LedgerFeed;
  private readonly token = claimToken(ownIdentity(), randomBytes(4).toString('hex'));
  private readonly nowMs: () => number;
  private readonly counts = { orphans: 0, journalBytes: 0, damaged: 0 };
  private scannedAtMs = -Infinity;
  /** Ends with the cycle that was asked for last: there is one at a time. */
  private turn: Promise<unknown> = Promise.resolve();
  private polling: NodeJS.Timeout | null = null;
  private stopping: Promise<void> | null = null;
  private isStopped = false;

  constructor(private readonly options: ShipperOptions) {
    const { root, ledger, isAway, onEvent, nowMs = () => performance.now() } = options;
    this.nowMs = nowMs;
    this.feed = new LedgerFeed({ ledger, isAway, onEvent, nowMs, setAsideFile: join(dirname(root), SET_ASIDE_FILE) });
  }

  get status(): ShipperStatus {
    return { ...this.feed.status, ...this.counts };
  }

  /** Throws what the file system throws. */
  start(): void {
    mkdirSync(this.options.root, { recursive: true, mode: 0o700 });
    this.pollLater(0);
  }

  /** A finished request that the ledger does not have yet. */
  runningRecord(id: string): UsageRecord | null {
    return this.feed.find(id);
  }

  /**
   * Resolves when everything written to the journals before this call is in the ledger or set aside. Rejects when the ledger
   * is away or a journal cannot be read.
   */
  async flush(): Promise<void> {
    let isAllRead = false;
    while (!isAllRead) {
      isAllRead = await this.cycle();
      await this.feed.drained();
    }
  }

  /** Ships what can be shipped in seconds; what is left stays in the journals for the next start. */
  stop(): Promise<void> {
    this.stopping ??= this.shutDown();
    return this.stopping;
  }

  private async shutDown(): Promise<void> {
    if (this.polling !== null) clearTimeout(this.polling);
    const rest = this.shipRest();
    const patience = setTimeout(() => {
      this.feed.stop();
    }, STOP_MS);
    await rest;
    clearTimeout(patience);
    this.feed.stop();
    for (const journal of this.journals) await this.leave(journal);
    this.journals = [];
    this.isStopped = true;
  }

  /** Never rejects: what cannot be shipped now is on disk. */
  private async shipRest(): Promise<void> {
    try {
      await this.flush();
      // Journals that ended are settled now, and go.
      await this.cycle();
    } catch (error) {
      this.options.onEvent({ type: 'fault', error: error as Error });
    }
    await this.turn;
  }

  private async leave({ directory, tail }: Journal): Promise<void> {
    try {
      await tail.close();
      if (directory.isMine) await directory.release();
    } catch (error) {
      this.options.onEvent({ type: 'fault', error: error as Error });
    }
  }

  private pollLater(ms: number): void {
    this.polling = setTimeout(() => {
      void this.poll();
    }, ms);
  }

  private async poll(): Promise<void> {
    let pauseMs = this.options.pollMs ?? POLL_MS;
    try {
      await this.cycle();
    } catch (error) {
      this.options.onEvent({ type: 'fault', error: error as Error });
      pauseMs = SCAN_MS;
    }
    if (this.stopping === null) this.pollLater(pauseMs);
  }

  /** One look at everything, after those that were asked for before. True: all that was written has been read. */
  private cycle(): Promise<boolean> {
    const turn = this.turn.then(() => this.lookAtAll());
    this.turn = turn.catch(() => undefined);
    return turn;
  }

  /** A journal that cannot be read does not keep the others waiting; its error is thrown when they are done. */
  private async lookAtAll(): Promise<boolean> {
    if (this.isStopped) throw new Error('shipping has stopped');
    await this.discover();
    if (this.nowMs() - this.scannedAtMs >= SCAN_MS) await this.scan();
    let isAllRead = true;
    const errors: unknown[] = [];
    for (const journal of [...this.journals]) {
      try {
        isAllRead = (await this.advance(journal)) && isAllRead;
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
    return isAllRead;
  }

  private async discover(): Promise<void> {
    const entries = await readdir(this.options.root, { withFileTypes: true });
    const names = new Set(entries.filter((entry) => entry.isDirectory()).map(({ name }) => name));
    for (const journal of [...this.journals]) {
      // Not there any more: another process recovers it, or has done so.
      if (!names.delete(journal.directory.name)) await this.drop(journal);
    }
    for (const name of names) this.journals.push(this.journalOf(name));
  }

  private async scan(): Promise<void> {
    this.scannedAtMs = this.nowMs();
    let bytes = 0;
    for (const journal of this.journals) {
      const { directory } = journal;
      if (directory.isMine) await directory.showLife();
      else journal.isAbandoned = await directory.isAbandoned();
      bytes += await bytesIn(directory.path);
    }
    this.counts.journalBytes = bytes;
  }

  private async advance(journal: Journal): Promise<boolean> {
    const { directory, tail, isAbandoned } = journal;
    if (directory.isMine) return this.recover(journal);
    if (!isAbandoned) {
      if (directory.isClaimed) return true;
      const isAllRead = await tail.read(directory.path, false);
      await tail.prune(directory.path);
      if (!tail.hasEnded) return isAllRead;
    }
    if (await directory.claimIt()) return this.recover(journal);
    await this.drop(journal);
    return true;
  }

  private async recover(journal: Journal): Promise<boolean> {
    const { directory, tail } = journal;
    if (!journal.isReplayed) {
      journal.isReplayed = true;
      await finishedIn(directory.path, this.options.onFinished);
    }
    const isAllRead = await tail.read(directory.path, true);
    if (isAllRead) journal.orphans += tail.orphanRunning();
    if (isAllRead && tail.isSettled) {
      await tail.remove(directory.path);
      await this.drop(journal);
      this.options.onEvent({ type: 'recovered', journal: directory.journal, orphans: journal.orphans });
    } else await tail.prune(directory.path);
    return isAllRead;
  }

  private async drop(journal: Journal): Promise<void> {
    this.journals = this.journals.filter((other) => other !== journal);
    await journal.tail.close();
  }

  private journalOf(name: string): Journal {
    const { options, feed, counts } = this;
    const directory = new JournalDirectory(options.root, name, this.token, this.nowMs);
    const sink: TailSink = {
      finished: (record, settled) => {
        feed.add(record, settled);
      },
      orphaned: (record, settled) => {
        counts.orphans += 1;
        options.onOrphan(record);
        feed.add(record, settled);
      },
      unreadable: (payload, settled) => {
        feed.addUnreadable(payload, settled);
      },
      damaged: (segment, bytes) => {
        counts.damaged += 1;
        options.onEvent({ type: 'damaged', journal: directory.journal, segment, bytes });
      },
      hasRoom: () => feed.hasRoom,
    };
    return { directory, tail: new JournalTail(sink, this.nowMs), isAbandoned: false, isReplayed: false, orphans: 0 };
  }
}
