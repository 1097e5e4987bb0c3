import type { Database } from '@switchyard/database';
import { sql } from 'kysely';
import type { SqlBool } from 'kysely';
import { inTransaction } from './ledger-transaction.js';

/** Removes the oldest requests before a time, and their attempts. Answers how many. Their rollups stay. */
export async function purgeRequests(database: Database, beforeMs: number, maxRows: number): Promise<number> {
  await rememberPurge(database, beforeMs);
  return inTransaction(database, 'unlocked', async ({ kysely }) => {
    const last = await kysely
      .selectFrom('requests')
      .select(['created_at', 'id'])
      .where('created_at', '<', beforeMs)
      .orderBy('created_at')
      .orderBy('id')
      .offset(maxRows - 1)
      .limit(1)
      .executeTakeFirst();
    const isOld =
      last === undefined
        ? sql<SqlBool>`created_at < ${beforeMs}`
        : sql<SqlBool>`(created_at, id) <= (${last.created_at}, ${last.id})`;
    const old = kysely.selectFrom('requests').select('id').where(isOld);
    await kysely.deleteFrom('attempts').where('request_id', 'in', old).execute();
    const { numDeletedRows } = await kysely.deleteFrom('requests').where(isOld).executeTakeFirstOrThrow();
    return Number(numDeletedRows);
  });
}

/** Before anything is removed, and while nobody inserts: whoever inserts later knows what may be gone. */
async function rememberPurge(database: Database, beforeMs: number): Promise<void> {
  await inTransaction(database, 'exclusive', async ({ kysely }) => {
    await kysely
      .updateTable('ledger_purge')
      .set({ purged_before: beforeMs })
      .where('purged_before', '<', beforeMs)
      .execute();
  });
}
