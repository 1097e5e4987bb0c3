import type { Database, DatabaseKind, Schema } from '@switchyard/database';
import { sql } from 'kysely';
import type { Transaction } from 'kysely';

export interface LedgerTransaction {
  readonly kind: DatabaseKind;
  readonly kysely: Transaction<Schema>;
}

/**
 * - `shared`: with others that insert. What was purged and how rollups are rebuilt does not change meanwhile.
 * - `exclusive`: nobody inserts.
 * - `unlocked`: whatever others do meanwhile.
 * - `snapshot`: unlocked too, and sees one moment throughout.
 */
type Access = 'shared' | 'exclusive' | 'unlocked' | 'snapshot';

/** Number of an advisory lock in PostgreSQL, apart from Kysely's for migrations. */
const LEDGER_LOCK = 7_166_119;
const LOCK_FUNCTIONS = { shared: 'pg_advisory_xact_lock_shared', exclusive: 'pg_advisory_xact_lock' };

/** In SQLite every transaction is alone from its beginning. */
export function inTransaction<T>(
  { kysely, kind }: Database,
  access: Access,
  work: (transaction: LedgerTransaction) => Promise<T>,
): Promise<T> {
  const isolation = access === 'snapshot' ? 'repeatable read' : 'read committed';
  return kysely
    .transaction()
    .setIsolationLevel(isolation)
    .execute(async (transaction) => {
      // In a statement of its own, so that the next one sees what was committed while this one waited.
      if (kind === 'postgres' && (access === 'shared' || access === 'exclusive')) {
        await sql`select ${sql.raw(LOCK_FUNCTIONS[access])}(${LEDGER_LOCK})`.execute(transaction);
      }
      return work({ kind, kysely: transaction });
    });
}

/** Unix milliseconds: requests older than this may be gone, and their rollups stay as they are. */
export async function purgedBefore({ kysely }: LedgerTransaction): Promise<number> {
  const row = await kysely.selectFrom('ledger_purge').select('purged_before').executeTakeFirst();
  return row?.purged_before ?? 0;
}
