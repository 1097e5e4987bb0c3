import { existsSync } from 'node:fs';
import type { Environment } from './environment.js';

export const DEFAULT_PATH = 'switchyard.yaml';

/** The configuration file: the one asked for, else `SWITCHYARD_CONFIG`, else `./switchyard.yaml` if it is there, else `null`. */
export function findConfig(asked: string | null, environment: Environment): string | null {
  if (asked !== null) return asked;
  const named = environment['SWITCHYARD_CONFIG'];
  if (named !== undefined && named !== '') return named;
  return existsSync(DEFAULT_PATH) ? DEFAULT_PATH : null;
}
