import type { CredentialStore, KeyRing, KeyStore } from '@switchyard/identity';
import type { Ledger } from '@switchyard/metering';
import type { ConfigFault, ConfigNotice } from '../config/config-error.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { UnusableCredential } from '../config/stored-credentials.js';
import type { ProcessLog } from '../process/process-log.js';

/** Where the configuration in force came from, and what became of the last one that did not come into force. */
export interface ConfigStatus {
  /** 1 at the start, and one more with each that came into force. */
  readonly version: number;
  /** Of the file's text. */
  readonly hash: string;
  /** Unix milliseconds. */
  readonly loadedAtMs: number;
  /** `null` = no file, Switchyard's own defaults. */
  readonly source: string | null;
  readonly notices: readonly ConfigNotice[];
  readonly lastRefused: {
    readonly atMs: number;
    /** What made it be read. */
    readonly cause: string;
    readonly faults: readonly ConfigFault[];
  } | null;
}

/** What the operations port needs of the process that has configuration and database. */
export interface OpsParts {
  readonly log: ProcessLog;
  /** Whether the data plane as a whole takes requests. */
  isReady(): boolean;
  /** The configuration in force, without what the database adds. */
  config(): GatewayConfig;
  /** Without any secret. */
  configStatus(): ConfigStatus;
  /** Reads the configuration again; answers what is wrong with it, nothing when it is in force. */
  reloadConfig(): readonly ConfigFault[];
  /** Begins to replace the workers; answers how many there are. */
  restartWorkers(): number;
  /** All keys in force. */
  keyRing(): KeyRing;
  /** `null` = the database cannot be used yet. */
  identity(): KeyStore | null;
  /** `null` = the database cannot be used yet. */
  credentials(): CredentialStore | null;
  /** Credentials of the database that no request is sent with. */
  unusableCredentials(): readonly UnusableCredential[];
  /** `null` = the database cannot be used yet. */
  ledger(): Ledger | null;
  /** Brings what was journalled so far into the ledger, as far as that goes at the moment. */
  flush(): Promise<void>;
  /** Called after a change of tenants, keys or credentials; resolves once this gateway serves by it. */
  identityChanged(): Promise<void>;
  /** The text that Prometheus reads. */
  metrics(): Promise<string>;
}

/** Injection token of the `OpsParts`. */
export const OPS_PARTS = Symbol('OpsParts');
