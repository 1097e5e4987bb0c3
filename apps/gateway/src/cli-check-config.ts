import type { CliOutput } from './cli-output.js';
import { ConfigError, faultLine } from './config/config-error.js';
import type { Environment } from './config/environment.js';
import { loadConfig } from './config/load-config.js';
import type { LoadResult } from './config/load-config.js';
import { dryRun, strandedKeys } from './config/golden-requests.js';
import { IDENTITY_NOT_READ, loadedFrom } from './control/runtime-state.js';

/**
 * `switchyard check-config FILE`: every fault, those of its golden requests included, or a summary of what the file sets up. Writes nothing to disk. Returns
 * the exit status.
 */
export function checkConfig(path: string, environment: Environment, output: CliOutput): number {
  try {
    const result = loadConfig({ path, environment, secrets: 'throwaway' });
    // A check touches no database: a key that is not in the file may be there.
    const loaded = loadedFrom(result.config, IDENTITY_NOT_READ);
    const { faults, notices } = dryRun(loaded);
    if (faults.length > 0) throw new ConfigError(path, faults);
    output.out(summaryOf(path, { ...result, notices: [...result.notices, ...notices, ...strandedKeys(null, loaded)] }));
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const count = `${String(error.faults.length)} ${error.faults.length === 1 ? 'fault' : 'faults'}`;
    output.err(`${path}: ${count}`);
    for (const fault of error.faults) output.err(faultLine(fault));
    return 1;
  }
}

function summaryOf(path: string, { config, notices }: LoadResult): string {
  const { catalog, server } = config;
  const endpoints = catalog.models.reduce((count, model) => count + model.endpoints.length, 0);
  const usable = catalog.providers.filter((provider) => provider.credentials.length > 0 || !provider.needsCredential);
  return [
    `${path}: valid`,
    `  data port        ${server.host}:${String(server.port)}, workers: ${String(server.workers)}`,
    `  operations port  ${server.host}:${String(server.opsPort)}`,
    `  catalogue        ${String(catalog.models.length)} models, ${String(endpoints)} endpoints, ${String(catalog.providers.length)} providers`,
    `  usable           ${usable.map((provider) => provider.id).join(', ') || 'no provider has a credential'}`,
    `  tenants, keys    ${String(config.tenants.size)}, ${String(config.keys.length)}`,
    ...notices.map(({ path: place, message }) => `  note: ${place}: ${message}`),
  ].join('\n');
}
