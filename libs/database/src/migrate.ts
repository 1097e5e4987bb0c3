import type { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { DatabaseKind } from './database-kind.js';
import { migrationsFor } from './migrations/migrations.js';
import type { Schema } from './schema.js';

/** Other programs may share a PostgreSQL database. */
const MIGRATION_TABLE = 'switchyard_migration';
const MIGRATION_LOCK_TABLE = 'switchyard_migration_lock';

export interface MigrationReport {
  /** Names of the migrations that ran now, in order. */
  readonly applied: readonly string[];
}

/**
 * Runs what is missing in one transaction: everything or nothing. PostgreSQL is locked by an advisory lock; in SQLite
 * the transaction is the lock.
 */
export async function migrateToLatest(kysely: Kysely<Schema>, kind: DatabaseKind): Promise<MigrationReport> {
  const migrations = migrationsFor(kind);
  await refuseNewerDatabase(kysely, new Set(Object.keys(migrations)));
  const migrator = new Migrator({
    db: kysely,
    provider: { getMigrations: () => Promise.resolve(migrations) },
    migrationTableName: MIGRATION_TABLE,
    migrationLockTableName: MIGRATION_LOCK_TABLE,
  });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error !== undefined) throw error instanceof Error ? error : new Error('The migration failed.', { cause: error });
  return { applied: results.map(({ migrationName }) => migrationName) };
}

async function refuseNewerDatabase(kysely: Kysely<Schema>, known: ReadonlySet<string>): Promise<void> {
  const tables = await kysely.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === MIGRATION_TABLE)) return;
  const applied = await kysely
    .$extendTables<{ [MIGRATION_TABLE]: { readonly name: string } }>()
    .selectFrom(MIGRATION_TABLE)
    .select('name')
    .orderBy('name')
    .execute();
  const unknown = applied.map(({ name }) => name).filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new Error(
      `The database was written by a newer version of Switchyard: it has ${unknown.join(', ')}, which this version does not know. ` +
        'Run the newer version, or restore a backup from before it.',
    );
  }
}
