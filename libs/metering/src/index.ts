/** Usage to money, exactly. */
export * from './cost.js';
export * from './estimate.js';
