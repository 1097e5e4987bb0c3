import type { CatalogSnapshot, Endpoint, Provider } from '@switchyard/contract';
import type { CircuitRules } from './circuit.js';
import { credentialName } from './credential-rests.js';
import { EndpointRecord } from './endpoint-record.js';

export type Catalogue = Pick<CatalogSnapshot, 'models'>;

/**
 * The records of the endpoints of one catalogue. Endpoints that a caller brought along have none: what becomes of them is
 * nobody else's business.
 */
export class EndpointBook {
  private readonly records = new Map<string, EndpointRecord>();
  private keys: ReadonlySet<string> = new Set();
  private credentials: ReadonlySet<string> = new Set();
  /** Those of earlier catalogues too: a request that began under one still counts. */
  private readonly providers = new WeakSet<Provider>();

  constructor(
    public rules: CircuitRules,
    catalogue: Catalogue,
  ) {
    this.learn(catalogue);
  }

  /** From now on this catalogue is in force. What it does not have is forgotten. */
  learn({ models }: Catalogue): void {
    const endpoints = models.flatMap((model) => model.endpoints);
    for (const { provider } of endpoints) this.providers.add(provider);
    this.keys = new Set(endpoints.map(keyOf));
    this.credentials = new Set(
      endpoints.flatMap(({ provider }) => provider.credentials.map(({ id }) => credentialName(provider.id, id))),
    );
    for (const key of this.records.keys()) if (!this.keys.has(key)) this.records.delete(key);
  }

  get catalogued(): readonly string[] {
    return [...this.keys];
  }

  hasProvider(provider: Provider): boolean {
    return this.providers.has(provider);
  }

  hasCredential(providerId: string, credentialId: string): boolean {
    return this.credentials.has(credentialName(providerId, credentialId));
  }

  /** `null` = nothing was seen of it, or it is not of the catalogue. */
  known(endpoint: Endpoint): EndpointRecord | null {
    if (!this.providers.has(endpoint.provider)) return null;
    return this.records.get(keyOf(endpoint)) ?? null;
  }

  /** Begins a record where there is none; `null` = not of the catalogue. */
  open(endpoint: Endpoint): EndpointRecord | null {
    return this.providers.has(endpoint.provider) ? this.at(keyOf(endpoint)) : null;
  }

  /** As `open`, by key. */
  at(key: string): EndpointRecord | null {
    let record = this.records.get(key);
    if (record !== undefined) return record;
    if (!this.keys.has(key)) return null;
    this.records.set(key, (record = new EndpointRecord()));
    return record;
  }

  all(): Iterable<readonly [key: string, record: EndpointRecord]> {
    return this.records;
  }
}

/** Names an endpoint in every process of a deployment. */
export function keyOf({ modelId, tag }: Pick<Endpoint, 'modelId' | 'tag'>): string {
  return `${modelId} ${tag}`;
}
