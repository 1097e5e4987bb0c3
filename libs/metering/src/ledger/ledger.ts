import { createHash } from 'node:crypto';
import type { JsonObject } from '@switchyard/contract';
import type { Database } from '@switchyard/database';
import type { UsageRecord } from '../record.js';
import { auditRollups } from './audit-rollups.js';
import type { RollupDrift, RollupRange } from './audit-rollups.js';
import { cleanText } from './clean-text.js';
import { insertRecords } from './insert-records.js';
import type { InsertReport } from './insert-records.js';
import { purgeRequests } from './purge-requests.js';
import { findRecord, listRecords } from './read-records.js';
import type { RecordPage, RecordQuery } from './read-records.js';
import { readSpend } from './read-spend.js';
import type { Spend, SpendOwner } from './read-spend.js';
import { readSums } from './read-sums.js';
import type { SumPage, SumQuery } from './read-sums.js';

export interface LedgerCounts {
  /** Records that were set aside. */
  readonly dead: number;
}

/**
 * The usage records of a deployment and their sums by hour and day. A record counts once, however often and from however
 * many replicas it is inserted, and requests and rollups agree in every committed state.
 *
 * Errors of the database pass through; `isConnectionFault` tells those that have to do with the data.
 */
export class Ledger {
  /** `now` answers Unix milliseconds. */
  constructor(
    private readonly database: Database,
    private readonly now: () => number = Date.now,
  ) {}

  /** All or nothing. Throws `RangeError` that names the field for a record that cannot be one. */
  insert(records: readonly UsageRecord[]): Promise<InsertReport> {
    return insertRecords(this.database, records);
  }

  /** Keeps a record that cannot be inserted, in the text it came in, and why. The same text is kept once. */
  async setAside(record: string, reason: string): Promise<void> {
    const text = cleanText(record);
    const digest = createHash('sha256').update(text).digest('hex');
    await this.database.kysely
      .insertInto('ledger_dead')
      .values({ digest, created_at: this.now(), record: text, reason: cleanText(reason) })
      .onConflict((conflict) => conflict.column('digest').doNothing())
      .execute();
  }

  /** `id`: 32 lower-case hexadecimal digits; `null` for anything else too. */
  find(id: string, tenant?: string): Promise<UsageRecord | null> {
    return findRecord(this.database, id, tenant);
  }

  /** Oldest first. Throws `GatewayError(invalid_request)` for a bad cursor or limit. */
  list(query: RecordQuery): Promise<RecordPage> {
    return listRecords(this.database, query);
  }

  /**
   * In the order of the groups. Throws `GatewayError(invalid_request)` for a bad cursor, limit or grouping, and `RangeError`
   * for a sum that is no safe integer, which is above nine million USD.
   */
  sums(query: SumQuery): Promise<SumPage> {
    return readSums(this.database, query);
  }

  /** What each owner spent in the UTC day and month of `nowMs`, and ever. */
  spend(owners: readonly SpendOwner[], nowMs: number): Promise<readonly Spend[]> {
    return readSpend(this.database, owners, nowMs);
  }

  /** What a version of the catalogue charged. A version keeps the prices it was first recorded with. */
  async recordPrices(version: string, prices: JsonObject): Promise<void> {
    await this.database.kysely
      .insertInto('price_versions')
      .values({ version, created_at: this.now(), prices: cleanText(JSON.stringify(prices)) })
      .onConflict((conflict) => conflict.column('version').doNothing())
      .execute();
  }

  /** How far the rollups are from the requests. Looks at committed states only, so that inserts meanwhile are no drift. */
  checkRollups(range: RollupRange): Promise<RollupDrift> {
    return auditRollups(this.database, range, false);
  }

  /** Rewrites rollups that differ from the requests, while inserts wait, and answers how far they were off. */
  rebuildRollups(range: RollupRange): Promise<RollupDrift> {
    return auditRollups(this.database, range, true);
  }

  /**
   * Removes at most `maxRows` of the requests admitted before a time, oldest first; answers how many. Rollups stay, and
   * are not rebuilt that far back. From then on a record as old is refused by `insert`: it may be one of those.
   * Throws `RangeError` for a time to come, which would refuse everything.
   */
  purge(beforeMs: number, maxRows: number): Promise<number> {
    if (!Number.isSafeInteger(beforeMs) || beforeMs > this.now())
      throw new RangeError('beforeMs is no time of the past.');
    if (!Number.isSafeInteger(maxRows) || maxRows < 1) throw new RangeError('maxRows is no number of rows.');
    return purgeRequests(this.database, beforeMs, maxRows);
  }

  async counts(): Promise<LedgerCounts> {
    const { dead } = await this.database.kysely
      .selectFrom('ledger_dead')
      .select(({ fn }) => fn.countAll<number>().as('dead'))
      .executeTakeFirstOrThrow();
    return { dead };
  }
}
