import type { Database, RollupsTable } from '@switchyard/database';
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import { writeRollups } from './batch-statements.js';
import { inTransaction, purgedBefore } from './ledger-transaction.js';
import type { LedgerTransaction } from './ledger-transaction.js';
import {
  bucketOf,
  CANCELLED,
  COMPLETED,
  DAY_MS,
  DIMENSION_COLUMNS,
  HOUR_MS,
  rollupKey,
  SUM_COLUMNS,
} from './rollup-rows.js';
import type { RollupName } from './rollup-rows.js';
import { USAGE_COLUMNS } from './usage-columns.js';

/** Unix milliseconds; `toMs` is exclusive. Every UTC day that the range touches is meant whole. */
export interface RollupRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * By how much rollups differ from what they are sums of: hours from requests, days from hours. Both are 0 when all is well.
 * A check of an hour that is wrong finds its day wrong too; a repair mends the hour first.
 */
export interface RollupDrift {
  /** Rows that are wrong, missing or too many, hourly and daily. */
  readonly rows: number;
  /** Integer nano-USD: the differences of all those rows, whatever their sign. */
  readonly nanoUsd: number;
}

/** One length of rollups and what it is summed from. */
interface Period {
  readonly table: RollupName;
  readonly lengthMs: number;
  readonly source: { readonly table: 'requests' | 'rollups_hourly'; readonly time: 'created_at' | 'bucket' };
  /** Columns of `source` in the names of the rollups, for `group by` its dimensions. */
  readonly columns: RawBuilder<unknown>;
}

const HOURS: Period = {
  table: 'rollups_hourly',
  lengthMs: HOUR_MS,
  source: { table: 'requests', time: 'created_at' },
  columns: sql.raw(`tenant, key_id, coalesce(model, '') as model, coalesce(provider, '') as provider,
    coalesce(endpoint, '') as endpoint, 1 as requests, case when status = ${CANCELLED} then 1 else 0 end as cancelled,
    case when status in (${COMPLETED}, ${CANCELLED}) then 0 else 1 end as failures, cost_nano, ${USAGE_COLUMNS.join(', ')}`),
};

const DAYS: Period = {
  table: 'rollups_daily',
  lengthMs: DAY_MS,
  source: { table: 'rollups_hourly', time: 'bucket' },
  columns: sql.raw(`tenant, key_id, model, provider, endpoint, ${SUM_COLUMNS.join(', ')}`),
};

const OWNER_COLUMNS = DIMENSION_COLUMNS.filter((column) => column !== 'bucket').join(', ');
const SUMS = SUM_COLUMNS.map((column) => `cast(sum(${column}) as bigint) as ${column}`).join(', ');

/**
 * Compares, and with `repair` rewrites what differs; a transaction for each hour and day. Buckets with purged requests
 * are passed over: their rollups are all that is left to know.
 */
export async function auditRollups(database: Database, range: RollupRange, repair: boolean): Promise<RollupDrift> {
  let [rows, nanoUsd] = [0, 0];
  if (range.fromMs >= range.toMs) return { rows, nanoUsd };
  // A day is only as right as all its hours.
  const fromMs = bucketOf(range.fromMs, DAY_MS);
  const toMs = bucketOf(range.toMs - 1, DAY_MS) + DAY_MS;
  for (const period of [HOURS, DAYS]) {
    let bucket = await nextBucket(database, period, fromMs, toMs);
    while (bucket !== null) {
      const drift = await auditBucket(database, period, bucket, repair);
      rows += drift.rows;
      nanoUsd += drift.nanoUsd;
      bucket = await nextBucket(database, period, bucket + period.lengthMs, toMs);
    }
  }
  return { rows, nanoUsd };
}

/** The first bucket before `toMs`, from `fromMs` on, that has anything in it on either side of the sum. */
async function nextBucket(
  { kysely }: Database,
  { table, lengthMs, source }: Period,
  fromMs: number,
  toMs: number,
): Promise<number | null> {
  const earliest = (name: string, time: string): RawBuilder<unknown> =>
    sql`select min(${sql.ref(time)}) as start from ${sql.table(name)} where ${sql.ref(time)} >= ${fromMs}`;
  const { rows } = await sql<{ start: number | null }>`
    select min(start) as start
    from (${earliest(source.table, source.time)} union all ${earliest(table, 'bucket')}) as either`.execute(kysely);
  const start = rows[0]?.start ?? null;
  return start === null || start >= toMs ? null : bucketOf(start, lengthMs);
}

function auditBucket(database: Database, period: Period, bucket: number, repair: boolean): Promise<RollupDrift> {
  return inTransaction(database, repair ? 'exclusive' : 'snapshot', async (transaction) => {
    if (bucket < (await purgedBefore(transaction))) return { rows: 0, nanoUsd: 0 };
    const right = byKey(await summed(transaction, period, bucket));
    const stored = byKey(await storedRollups(transaction, period, bucket));
    const wrong = [...right.values()].filter((row) => !isEqual(row, stored.get(rollupKey(row))));
    const surplus = [...stored.values()].filter((row) => !right.has(rollupKey(row)));
    if (repair) {
      await writeRollups(transaction, period.table, wrong, 'replace');
      await removeRollups(transaction, period, surplus);
    }
    return {
      rows: wrong.length + surplus.length,
      nanoUsd:
        wrong.reduce((sum, row) => sum + Math.abs(row.cost_nano - (stored.get(rollupKey(row))?.cost_nano ?? 0)), 0) +
        surplus.reduce((sum, row) => sum + row.cost_nano, 0),
    };
  });
}

async function summed(
  { kysely }: LedgerTransaction,
  { lengthMs, source, columns }: Period,
  bucket: number,
): Promise<readonly RollupsTable[]> {
  const time = sql.ref(source.time);
  const { rows } = await sql<Omit<RollupsTable, 'bucket'>>`
    select ${sql.raw(OWNER_COLUMNS)}, ${sql.raw(SUMS)}
    from (
      select ${columns} from ${sql.table(source.table)}
      where ${time} >= ${bucket} and ${time} < ${bucket + lengthMs}
    ) as source
    group by ${sql.raw(OWNER_COLUMNS)}`.execute(kysely);
  return rows.map((row) => ({ ...row, bucket }));
}

function storedRollups(
  { kysely }: LedgerTransaction,
  { table }: Period,
  bucket: number,
): Promise<readonly RollupsTable[]> {
  return kysely.selectFrom(table).selectAll().where('bucket', '=', bucket).execute();
}

async function removeRollups(
  { kysely }: LedgerTransaction,
  { table }: Period,
  rows: readonly RollupsTable[],
): Promise<void> {
  for (const row of rows) {
    await kysely
      .deleteFrom(table)
      .where((builder) => builder.and(DIMENSION_COLUMNS.map((column) => builder(column, '=', row[column]))))
      .execute();
  }
}

function byKey(rows: readonly RollupsTable[]): ReadonlyMap<string, RollupsTable> {
  return new Map(rows.map((row) => [rollupKey(row), row]));
}

function isEqual(row: RollupsTable, other: RollupsTable | undefined): boolean {
  return other !== undefined && SUM_COLUMNS.every((column) => row[column] === other[column]);
}
