import type { UsageRecord } from '../record.js';
import type { LedgerWriter } from '../shipping/ledger-feed.js';

/** What a database says that is not there. */
export class AwayError extends Error {}

/** A ledger in memory, which fails as it is told. */
export class MemoryLedger implements LedgerWriter {
  readonly records = new Map<string, UsageRecord>();
  readonly aside: { readonly record: string; readonly reason: string }[] = [];
  /** Size of every batch that was tried. */
  readonly batches: number[] = [];
  /** Called before a batch is taken; what it throws is what the ledger says. */
  before: (records: readonly UsageRecord[]) => void | Promise<void> = () => undefined;
  /** Called after a batch was taken: the ledger has it, and still says what this throws. */
  after: () => void = () => undefined;
  beforeSetAside: () => void = () => undefined;

  async insert(records: readonly UsageRecord[]): Promise<{ inserted: number; duplicates: number }> {
    this.batches.push(records.length);
    await this.before(records);
    const fresh = records.filter(({ id }) => !this.records.has(id));
    for (const record of fresh) this.records.set(record.id, record);
    this.after();
    return { inserted: fresh.length, duplicates: records.length - fresh.length };
  }

  async setAside(record: string, reason: string): Promise<void> {
    this.beforeSetAside();
    this.aside.push({ record, reason });
  }

  /** The numbers that its records were made of, ascending. */
  get numbers(): number[] {
    return [...this.records.keys()].map((id) => Number.parseInt(id, 16)).sort((left, right) => left - right);
  }
}
