/** Usage to money, exactly. */
export * from './cost.js';
export * from './estimate.js';
export * from './journal/checkpoint.js';
export * from './journal/journal.js';
export * from './judge-usage.js';
export * from './ledger/index.js';
export * from './record.js';
export type { LedgerWriter } from './shipping/ledger-feed.js';
export type { ShipperEvent } from './shipping/shipper-event.js';
export * from './shipping/shipper.js';
export * from './worst-case.js';
