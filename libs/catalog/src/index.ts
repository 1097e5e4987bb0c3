/** The catalogue: the shape of its entries, exact prices, and the immutable snapshot that routing works on. Pure. */
export { mergeEntries, type CatalogEntries } from './merge.js';
export { ModelEntry } from './model.entry.js';
export { overlaySnapshot, type OverlaidProvider } from './overlay.js';
export { AccountLimitsEntry, ProviderEntry } from './provider.entry.js';
export { buildSnapshot } from './snapshot.js';
export type { WrittenModel, WrittenProvider } from './written.js';
