import type { AttemptsTable, Database, RequestsTable, Schema } from '@switchyard/database';
import { sql } from 'kysely';
import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';
import type { UsageRecord } from '../record.js';
import { cleanText } from './clean-text.js';
import { pageSize, readCursor, writeCursor } from './page-cursor.js';
import { isRecordId, recordOf } from './record-row.js';

/** Filters are exact; an absent one lets everything pass. */
export interface RecordQuery {
  readonly tenant?: string;
  readonly keyId?: string;
  readonly model?: string;
  /** Unix milliseconds, inclusive. */
  readonly fromMs?: number;
  /** Unix milliseconds, exclusive. */
  readonly toMs?: number;
  /** Records a page, 10,000 at most. */
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** `nextCursor`: `null` = this was the last page, as of now. */
export interface RecordPage {
  readonly records: readonly UsageRecord[];
  readonly nextCursor: string | null;
}

export async function findRecord(database: Database, id: string, tenant?: string): Promise<UsageRecord | null> {
  if (!isRecordId(id)) return null;
  let query = database.kysely.selectFrom('requests').selectAll().where('id', '=', id);
  if (tenant !== undefined) query = query.where('tenant', '=', cleanText(tenant));
  const row = await query.executeTakeFirst();
  if (row === undefined) return null;
  const [record = null] = await withAttempts(database, [row]);
  return record;
}

/** By time of admission and then id, so that what is inserted meanwhile moves no page. */
export async function listRecords(database: Database, query: RecordQuery): Promise<RecordPage> {
  const limit = pageSize(query.limit);
  const rows = await database.kysely
    .selectFrom('requests')
    .selectAll()
    .where((builder) => builder.and(conditions(builder, query)))
    .orderBy('created_at')
    .orderBy('id')
    .limit(limit + 1)
    .execute();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const nextCursor = rows.length > limit && last !== undefined ? writeCursor([last.created_at, last.id]) : null;
  return { records: await withAttempts(database, page), nextCursor };
}

function conditions(
  builder: ExpressionBuilder<Schema, 'requests'>,
  { tenant, keyId, model, fromMs, toMs, cursor }: RecordQuery,
): Expression<SqlBool>[] {
  const all: Expression<SqlBool>[] = [];
  if (tenant !== undefined) all.push(builder('tenant', '=', cleanText(tenant)));
  if (keyId !== undefined) all.push(builder('key_id', '=', cleanText(keyId)));
  if (model !== undefined) all.push(builder('model', '=', cleanText(model)));
  if (fromMs !== undefined) all.push(builder('created_at', '>=', Math.ceil(fromMs)));
  if (toMs !== undefined) all.push(builder('created_at', '<', Math.ceil(toMs)));
  if (cursor !== undefined) {
    const [createdAt, id] = readCursor(cursor, ['time', 'id']);
    all.push(sql<SqlBool>`(created_at, id) > (${createdAt}, ${id})`);
  }
  return all;
}

async function withAttempts(database: Database, rows: readonly RequestsTable[]): Promise<UsageRecord[]> {
  const ids = rows.filter((row) => row.sole_attempt_tenth_ms === null).map(({ id }) => id);
  const attempts = ids.length === 0 ? [] : await attemptsOf(database, ids);
  const byRequest = Map.groupBy(attempts, ({ request_id }) => request_id);
  return rows.map((row) => recordOf(row, byRequest.get(row.id) ?? []));
}

async function attemptsOf({ kysely }: Database, ids: readonly string[]): Promise<AttemptsTable[]> {
  return kysely.selectFrom('attempts').selectAll().where('request_id', 'in', ids).orderBy('n').execute();
}
