/** Usage to money, exactly. */
export * from './cost.js';
export * from './estimate.js';
export * from './journal/checkpoint.js';
export * from './journal/journal.js';
export * from './judge-usage.js';
export type { RollupDrift, RollupRange } from './ledger/audit-rollups.js';
export type { InsertReport } from './ledger/insert-records.js';
export * from './ledger/ledger.js';
export type { RecordPage, RecordQuery } from './ledger/read-records.js';
export type { Spend, SpendOwner } from './ledger/read-spend.js';
export { SUM_GROUPS } from './ledger/read-sums.js';
export type { SumGroup, SumPage, SumQuery, UsageSum } from './ledger/read-sums.js';
export * from './record.js';
export type { LedgerWriter } from './shipping/ledger-feed.js';
export type { ShipperEvent } from './shipping/shipper-event.js';
export * from './shipping/shipper.js';
export * from './worst-case.js';
