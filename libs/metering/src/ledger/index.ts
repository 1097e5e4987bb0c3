/** The database of usage records. */
export type { RollupDrift, RollupRange } from './audit-rollups.js';
export type { InsertReport } from './insert-records.js';
export { Ledger } from './ledger.js';
export type { LedgerCounts } from './ledger.js';
export type { RecordPage, RecordQuery } from './read-records.js';
export type { Spend, SpendOwner } from './read-spend.js';
export { SUM_GROUPS } from './read-sums.js';
export type { SumGroup, SumPage, SumQuery, UsageSum } from './read-sums.js';
