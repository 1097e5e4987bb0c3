import type { Database, RequestsTable } from '@switchyard/database';
import type { UsageRecord } from '../record.js';
import { insertAttempts, insertRequests, writeRollups } from './batch-statements.js';
import { inTransaction, purgedBefore } from './ledger-transaction.js';
import { rowsOf } from './record-row.js';
import type { RecordRows } from './record-row.js';
import { DAY_MS, HOUR_MS, rollupsOf } from './rollup-rows.js';

/** `duplicates`: records whose id was there already, or came earlier in the same batch. Nothing changed for them. */
export interface InsertReport {
  readonly inserted: number;
  readonly duplicates: number;
}

/** One transaction: either all new records are in requests, attempts and both rollups, or none is in any. */
export async function insertRecords(database: Database, records: readonly UsageRecord[]): Promise<InsertReport> {
  const rows = distinctRows(records);
  if (rows.length === 0) return { inserted: 0, duplicates: 0 };
  const inserted = await inTransaction(database, 'shared', async (transaction) => {
    const horizonMs = await purgedBefore(transaction);
    const all = rows.map(({ request }) => request);
    const ids = await insertRequests(transaction, all);
    const isNew = ({ request }: RecordRows): boolean => ids.has(request.id);
    const fresh = ids.size === rows.length ? rows : rows.filter(isNew);
    const requests = fresh.map(({ request }) => request);
    refusePurged(requests, horizonMs);
    await insertAttempts(
      transaction,
      fresh.flatMap(({ attempts }) => attempts),
    );
    await writeRollups(transaction, 'rollups_hourly', rollupsOf(requests, HOUR_MS), 'add');
    await writeRollups(transaction, 'rollups_daily', rollupsOf(requests, DAY_MS), 'add');
    return ids.size;
  });
  return { inserted, duplicates: records.length - inserted };
}

/** The first of each id, in the order of ids: replicas that insert the same records at once never wait in a circle. */
function distinctRows(records: readonly UsageRecord[]): readonly RecordRows[] {
  const byId = new Map<string, RecordRows>();
  for (const record of records) {
    const rows = rowsOf(record);
    if (!byId.has(rows.request.id)) byId.set(rows.request.id, rows);
  }
  return [...byId.values()].sort((a, b) => (a.request.id < b.request.id ? -1 : 1));
}

/** Of a request as old as those that were purged nobody can tell whether it was counted before; money is not counted twice. */
function refusePurged(requests: readonly RequestsTable[], horizonMs: number): void {
  const late = requests.find(({ created_at }) => created_at < horizonMs);
  if (late === undefined) return;
  const [created, horizon] = [late.created_at, horizonMs].map((timeMs) => new Date(timeMs).toISOString());
  throw new RangeError(
    `createdAtMs is ${created}, before ${horizon}: requests as old were purged, so it may have been counted already.`,
  );
}
