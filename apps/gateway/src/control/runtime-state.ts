import { Injectable } from '@nestjs/common';
import { KeyRing } from '@switchyard/identity';
import type { Caller, StoredIdentity } from '@switchyard/identity';
import { AddressGuard } from '@switchyard/transport';
import type { GatewayConfig } from '../config/gateway-config.js';
import { allCallers } from '../config/stored-callers.js';
import type { AllCallers } from '../config/stored-callers.js';
import { withStoredCredentials } from '../config/stored-credentials.js';
import type { UnusableCredential } from '../config/stored-credentials.js';
import { NO_LIMITS, callerLimits } from '../stops/caller-limits.js';
import type { CallerLimits } from '../stops/caller-limits.js';

/** What the database says of callers, as far as this process knows. */
export interface KnownIdentity {
  /** `null` = nothing was read yet. */
  readonly stored: StoredIdentity | null;
  /** False = the database was not read since the start: a key that is not known may exist. */
  readonly isComplete: boolean;
}

/** The callers of the configuration are all there are. */
export const NO_STORED_IDENTITY: KnownIdentity = { stored: null, isComplete: true };
/** Nobody knows yet who is in the database. */
export const IDENTITY_NOT_READ: KnownIdentity = { stored: null, isComplete: false };

/** One configuration and what was built from it. Replaced as a whole; a request keeps the one it started with. */
export interface Loaded {
  /** With what the database adds. */
  readonly config: GatewayConfig;
  /** As it was read. */
  readonly written: GatewayConfig;
  readonly identity: KnownIdentity;
  readonly keyRing: KeyRing;
  readonly callers: AllCallers;
  /** Credentials of the database that no request is sent with. */
  readonly unusableCredentials: readonly UnusableCredential[];
  /** Judges the hosts that callers choose. */
  readonly addressGuard: AddressGuard;
  readonly limitsOf: (caller: Pick<Caller, 'keyId'>) => CallerLimits;
}

/** Builds what requests need from a configuration as it was read, and from callers and credentials of the database. */
export function loadedFrom(written: GatewayConfig, identity: KnownIdentity = NO_STORED_IDENTITY): Loaded {
  const { config, unusable } = withStoredCredentials(written, identity.stored);
  const callers = allCallers(config, identity.stored);
  const limits = new Map<string, CallerLimits>();
  for (const key of callers.keys) {
    const tenant = callers.tenants.get(key.tenantId);
    if (tenant !== undefined) limits.set(key.keyId, callerLimits(tenant, key, config.limits.mode));
  }
  const { isComplete } = identity;
  return {
    config,
    written,
    identity,
    keyRing: KeyRing.of(callers.keys, config.security.pepper, Date.now, { isComplete }),
    callers,
    unusableCredentials: unusable,
    addressGuard: new AddressGuard(config.security.privateHosts),
    limitsOf: ({ keyId }) => limits.get(keyId) ?? NO_LIMITS,
  };
}

/** Whether no caller is known at all because the database, which may know some, was not read yet. */
export function knowsNobody({ callers, identity }: Loaded): boolean {
  return callers.keys.length === 0 && !identity.isComplete;
}

/** The configuration in force in this process. */
@Injectable()
export class RuntimeState {
  private readonly listeners: ((loaded: Loaded) => void)[] = [];

  constructor(private loaded: Loaded) {}

  get current(): Loaded {
    return this.loaded;
  }

  replace(next: Loaded): void {
    this.loaded = next;
    for (const listener of this.listeners) listener(next);
  }

  /** Calls `listener` after every replacement. */
  onReplaced(listener: (loaded: Loaded) => void): void {
    this.listeners.push(listener);
  }
}
