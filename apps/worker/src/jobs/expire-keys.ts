import type { MaintenanceContext } from '../maintenance/context.js';
import type { JobReport } from '../maintenance/event.js';

/**
 * Marks keys whose time has passed as revoked, and forgets secrets that a rotation replaced once nobody may use them.
 * Neither opens anything any more, which is decided where a key is used; after this, lists say so and no digest is kept
 * without need.
 */
export async function runExpireKeys({ database, now }: MaintenanceContext): Promise<JobReport> {
  const nowMs = now();
  const lapsed = await database.kysely
    .selectFrom('api_keys')
    .select('id')
    .where((key) =>
      key.or([
        key.and([key('expires_at', '<=', nowMs), key('revoked_at', 'is', null)]),
        key('previous_expires_at', '<=', nowMs),
      ]),
    )
    .limit(1)
    .executeTakeFirst();
  // Most runs find nothing, and then no gateway has to read all keys again.
  return lapsed === undefined ? { expired: 0, forgotten: 0 } : expire(database, nowMs);
}

function expire({ kysely }: MaintenanceContext['database'], nowMs: number): Promise<JobReport> {
  return kysely.transaction().execute(async (transaction) => {
    // The version first, as in every change of keys: its one row makes changes wait for each other.
    await transaction
      .updateTable('identity_version')
      .set((row) => ({ version: row('version', '+', 1) }))
      .execute();
    const { numUpdatedRows: expired } = await transaction
      .updateTable('api_keys')
      .set((key) => ({ revoked_at: key.ref('expires_at'), updated_at: nowMs }))
      .where('expires_at', '<=', nowMs)
      .where('revoked_at', 'is', null)
      .executeTakeFirstOrThrow();
    const { numUpdatedRows: forgotten } = await transaction
      .updateTable('api_keys')
      .set({ previous_digest: null, previous_expires_at: null, updated_at: nowMs })
      .where('previous_expires_at', '<=', nowMs)
      .executeTakeFirstOrThrow();
    return { expired: Number(expired), forgotten: Number(forgotten) };
  });
}
