/** Keys, tenants, permissions. */
export * from './caller.js';
export * from './credential-store.js';
export * from './credential-vault.js';
export * from './failure-throttle.js';
export * from './identity-snapshot.js';
export * from './key-digest.js';
export * from './key-directory.js';
export * from './key-ring.js';
export * from './key-store.js';
export * from './permissions.js';
export type * from './stored-identity.js';
export type * from './tenant-store.js';
