import type { EndpointEntry, ModalitiesEntry, ModelEntry, TraitsEntry } from './model.entry.js';
import type { PriceEntry, PriceTierEntry } from './price.entry.js';
import type { CredentialEntry, DataPolicyEntry, ProviderEntry, TimeoutsEntry } from './provider.entry.js';

/**
 * The data of an entry without its class: what merging and building work on. The classes are for validation, and an
 * entry made by merging two is no instance of one.
 */
type Written<Entry> = Entry extends (infer Item)[]
  ? Written<Item>[]
  : Entry extends object
    ? { [Key in keyof Entry]: Written<Entry[Key]> }
    : Entry;

export type WrittenProvider = Written<ProviderEntry>;
export type WrittenCredential = Written<CredentialEntry>;
export type WrittenDataPolicy = Written<DataPolicyEntry>;
export type WrittenTimeouts = Written<TimeoutsEntry>;
export type WrittenModel = Written<ModelEntry>;
export type WrittenEndpoint = Written<EndpointEntry>;
export type WrittenModalities = Written<ModalitiesEntry>;
export type WrittenTraits = Written<TraitsEntry>;
export type WrittenPrice = Written<PriceEntry>;
export type WrittenPriceTier = Written<PriceTierEntry>;
