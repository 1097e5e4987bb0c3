import { GatewayError } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import { pathText } from '../config/config-path.js';
import type { RawFault } from '../config/validate-settings.js';
import { validateSettings } from '../config/validate-settings.js';

/**
 * Checks a body against a class of settings, as the configuration file is checked. Throws `GatewayError(invalid_request)`
 * with every fault: where it is and what was expected, never what was found, for that may be a secret.
 */
export function readForm<T extends object>(form: new () => T, body: JsonObject): T {
  const { instance, faults } = validateSettings(form, body);
  refuseFaults(faults);
  return instance;
}

export function refuseFaults(faults: readonly RawFault[]): void {
  const [first] = faults;
  if (first === undefined) return;
  const told = faults.map((fault) => ({ param: pathText(fault.path), ...wordsOf(fault) }));
  throw new GatewayError(
    'invalid_request',
    told.map(({ param, problem, expected }) => `${param}: ${problem}expected ${expected}`).join('; '),
    { param: pathText(first.path), metadata: { faults: told.map(({ param, expected }) => ({ param, expected })) } },
  );
}

function wordsOf({ expected, unknownKey }: RawFault): { readonly problem: string; readonly expected: string } {
  return { problem: unknownKey ? 'unknown, ' : '', expected };
}
