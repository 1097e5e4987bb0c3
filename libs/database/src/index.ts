/** One database, SQLite or PostgreSQL, with one schema. */
export { Database } from './database.js';
export type { DatabaseKind } from './database-kind.js';
export type { DatabaseOptions } from './database.js';
export { isConnectionFault } from './connection-fault.js';
export type { MigrationReport } from './migrate.js';
export type * from './schema.js';
