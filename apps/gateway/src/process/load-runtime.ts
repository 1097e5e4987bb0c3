import { readFileSync } from 'node:fs';
import { processEnvironment } from '../config/environment.js';
import { loadConfig, pointAtSimulator } from '../config/load-config.js';
import type { LoadResult } from '../config/load-config.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { ConfigureMessage, FixedSettings } from './worker-messages.js';

/** A configuration as it was read: what a worker needs to read the same. */
export interface ConfigSource {
  readonly path: string | null;
  readonly text: string | null;
}

/** Reads the file, when there is one, so that supervisor and workers see one and the same text. Throws `ConfigError`. */
export function readSource(path: string | null): ConfigSource {
  if (path === null) return { path, text: null };
  try {
    return { path, text: readFileSync(path, 'utf8') };
  } catch {
    // The loader says what is wrong with the file, with the same words as for every other fault.
    return { path, text: null };
  }
}

/** Throws `ConfigError` with every fault. */
export function loadSource({ path, text }: ConfigSource): LoadResult {
  return loadConfig({ path, ...(text !== null && { text }), environment: processEnvironment() });
}

/** What of a configuration only a restart changes. */
export function fixedSettings({ redis, database, dataDir, server }: GatewayConfig): FixedSettings {
  const { host, port, opsPort, workers } = server;
  return { redis, database, dataDir, server: { host, port, opsPort, workers } };
}

/** The configuration a worker was told to serve. */
export function configOf(message: ConfigureMessage): GatewayConfig {
  const { config } = loadSource(message);
  const { server, ...others } = message.fixed;
  const served = { ...config, ...others, server: { ...config.server, ...server } };
  return message.simulatorUrl === null ? served : pointAtSimulator(served, message.simulatorUrl);
}
