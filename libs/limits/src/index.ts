/** Reserve and settle: requests, tokens, slots and money, exact over all gateways that share a Redis, or in one process. */
export * from './headers.js';
export { RENEW_MS } from './lifetimes.js';
export { Limits } from './limits.js';
export type { LimitsClock, LimitsEvent, LimitsOptions, LimitsStatus } from './limits-options.js';
export * from './refusal-error.js';
export * from './types.js';
export { isBudget } from './windows.js';
export type { BudgetDimension } from './windows.js';
