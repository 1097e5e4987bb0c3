import type { KeyRing, KeyStore } from '@switchyard/identity';
import type { Ledger } from '@switchyard/metering';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { ProcessLog } from '../process/process-log.js';

/** What the operations port needs of the process that has configuration and database. */
export interface OpsParts {
  readonly log: ProcessLog;
  /** Whether the data plane as a whole takes requests. */
  isReady(): boolean;
  /** The configuration in force, without what the database adds. */
  config(): GatewayConfig;
  /** All keys in force. */
  keyRing(): KeyRing;
  /** `null` = the database cannot be used yet. */
  identity(): KeyStore | null;
  /** `null` = the database cannot be used yet. */
  ledger(): Ledger | null;
  /** Brings what was journalled so far into the ledger, as far as that goes at the moment. */
  flush(): Promise<void>;
  /** Called after a change of tenants or keys; resolves once this gateway serves by it. */
  identityChanged(): Promise<void>;
  /** The text that Prometheus reads. */
  metrics(): Promise<string>;
}

/** Injection token of the `OpsParts`. */
export const OPS_PARTS = Symbol('OpsParts');
