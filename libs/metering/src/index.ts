/** Usage to money, exactly. */
export * from './cost.js';
export * from './estimate.js';
export * from './record.js';
