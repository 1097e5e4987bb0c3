/** Keys, tenants, permissions. */
export * from './caller.js';
export * from './failure-throttle.js';
export * from './key-digest.js';
export * from './key-ring.js';
export * from './permissions.js';
