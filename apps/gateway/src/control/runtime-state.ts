import { Injectable } from '@nestjs/common';
import { KeyRing } from '@switchyard/identity';
import type { GatewayConfig } from '../config/gateway-config.js';

/** One configuration and what was built from it. Replaced as a whole; a request keeps the one it started with. */
export interface Loaded {
  readonly config: GatewayConfig;
  readonly keyRing: KeyRing;
}

/** Builds what requests need from a configuration. */
export function loadedFrom(config: GatewayConfig): Loaded {
  return { config, keyRing: KeyRing.of(config.keys, config.security.pepper) };
}

/** The configuration in force in this process. */
@Injectable()
export class RuntimeState {
  constructor(private loaded: Loaded) {}

  get current(): Loaded {
    return this.loaded;
  }

  replace(next: Loaded): void {
    this.loaded = next;
  }
}
