import type { Migration } from 'kysely/migration';
import type { DatabaseKind } from '../database-kind.js';
import { ledger } from './0001-ledger.js';
import { identity } from './0002-identity.js';
import { maintenance } from './0003-maintenance.js';
import { credentials } from './0004-credentials.js';
import { byok } from './0005-byok.js';
import { columnTypes } from './column-types.js';

/** All migrations by name, which is also their order. One that was released is never changed: what comes later is another. */
export function migrationsFor(kind: DatabaseKind): Record<string, Migration> {
  const types = columnTypes(kind);
  return {
    '0001_ledger': ledger(types),
    '0002_identity': identity(types),
    '0003_maintenance': maintenance(types),
    '0004_credentials': credentials(types),
    '0005_byok': byok(types),
  };
}
