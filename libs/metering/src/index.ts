/** Usage to money, exactly. */
export * from './cost.js';
export * from './estimate.js';
export * from './journal/checkpoint.js';
export * from './journal/journal.js';
export * from './judge-usage.js';
export * from './record.js';
export * from './worst-case.js';
