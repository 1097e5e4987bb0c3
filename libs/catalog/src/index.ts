/** The catalogue: the shape of its entries, exact prices, and the immutable snapshot that routing works on. Pure. */
export { HEADERS_CHECK, PRICE_CHECK } from './checks.js';
export type { CatalogFault } from './faults.js';
export { mergeEntries, type CatalogEntries } from './merge.js';
export { EndpointEntry, ModalitiesEntry, ModelEntry, PriorEntry, TraitsEntry } from './model.entry.js';
export { MODEL_VARIANTS } from './names.js';
export { PriceEntry, PriceTierEntry } from './price.entry.js';
export {
  CONFIG_DIALECTS,
  CredentialEntry,
  DataPolicyEntry,
  ProviderEntry,
  TimeoutsEntry,
  type ConfigDialect,
} from './provider.entry.js';
export { buildSnapshot, type SnapshotInput, type SnapshotResult } from './snapshot.js';
export type { WrittenEndpoint, WrittenModel, WrittenProvider } from './written.js';
