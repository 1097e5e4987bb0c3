import type { Database, Schema } from '@switchyard/database';
import type { Transaction } from 'kysely';

/**
 * Runs a change of tenants or keys and raises their version, both or neither. The version comes first: its one row makes
 * changes wait for each other, so that versions are in the order of commits and what a change has checked stays true.
 */
export function changeIdentity<T>(
  { kysely }: Database,
  change: (transaction: Transaction<Schema>) => Promise<T>,
): Promise<T> {
  return kysely.transaction().execute(async (transaction) => {
    await transaction
      .updateTable('identity_version')
      .set((row) => ({ version: row('version', '+', 1) }))
      .where('id', '=', 1)
      .execute();
    return change(transaction);
  });
}
