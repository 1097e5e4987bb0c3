import type { ConfigFault } from './config-error.js';
import type { ConfigPath } from './config-path.js';
import { pathText, valueAt } from './config-path.js';
import type { Environment } from './environment.js';
import { interpolate } from './interpolate.js';
import { kindOf, shownValue } from './shown-value.js';
import { SwitchyardFile } from './switchyard-file.js';
import type { RawFault } from './validate-settings.js';
import { validateSettings } from './validate-settings.js';
import type { Mapping } from './yaml-text.js';
import { isMapping, readYaml } from './yaml-text.js';

export interface ReadSettings {
  /** Of use only for the sections in which no fault was found. */
  readonly file: SwitchyardFile;
  readonly faults: readonly ConfigFault[];
  /** Makes a fault found later fit to be shown, with its line. */
  readonly show: (fault: RawFault) => ConfigFault;
}

/** From text to settings: YAML, references to the environment, and the checks of every section. */
export function readSettings(text: string, environment: Environment): ReadSettings {
  const yaml = readYaml(text);
  if (yaml.faults.length > 0)
    return { file: new SwitchyardFile(), faults: yaml.faults, show: (fault) => shown(fault, null, null) };
  const { value, written, unresolved } = interpolate(yaml.root, environment);
  const root = value as Mapping;
  const writtenAt = new Map(written.map(({ path, text: original }) => [pathText(path), original]));
  const show = (fault: RawFault): ConfigFault =>
    shown(fault, writtenAt.get(pathText(fault.path)) ?? null, yaml.lineOf(fault.path));

  const missing = unresolved.filter(({ path }) => !isProviderSecret(path));
  for (const { path } of unresolved.filter((reference) => isProviderSecret(reference.path))) assign(root, path, null);
  dropNulls(root);
  const { instance, faults } = validated(root, new Set(writtenAt.keys()));
  const missingAt = new Set(missing.map(({ path }) => pathText(path)));
  return {
    file: instance,
    faults: [
      ...missing.map(({ path, problem }) => show({ path, value: undefined, expected: problem, unknownKey: false })),
      ...faults.filter(({ path }) => !missingAt.has(pathText(path))).map(show),
    ],
    show,
  };
}

/** Text from the environment counts as a number or a switch where only that would be right. */
function validated(
  root: Mapping,
  interpolated: ReadonlySet<string>,
): { instance: SwitchyardFile; faults: readonly RawFault[] } {
  const first = validateSettings(SwitchyardFile, root);
  let isChanged = false;
  for (const { path, value } of first.faults) {
    const typed = interpolated.has(pathText(path)) && typeof value === 'string' ? typedValue(value) : null;
    if (typed === null) continue;
    assign(root, path, typed);
    isChanged = true;
  }
  return isChanged ? validateSettings(SwitchyardFile, root) : first;
}

function typedValue(text: string): number | boolean | null {
  const trimmed = text.trim();
  if (trimmed === 'true' || trimmed === 'false') return trimmed === 'true';
  return /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(trimmed) ? Number(trimmed) : null;
}

/** An unset variable there means that the credential is absent, so that one file serves machines with different keys. */
function isProviderSecret(path: ConfigPath): boolean {
  return path[0] === 'providers' && path[2] === 'credentials' && path[4] === 'api_key';
}

/** An empty setting (`redis:`) is an absent one. In the catalogue `null` has a meaning of its own: not known. */
function dropNulls(root: Mapping): void {
  for (const [key, value] of Object.entries(root)) {
    if (value === null) Reflect.deleteProperty(root, key);
    else if (key !== 'providers' && key !== 'models') dropNullsBelow(value);
  }
}

function dropNullsBelow(value: unknown): void {
  if (Array.isArray(value)) value.forEach(dropNullsBelow);
  else if (isMapping(value)) {
    for (const [key, member] of Object.entries(value)) {
      if (member === null) Reflect.deleteProperty(value, key);
      else dropNullsBelow(member);
    }
  }
}

function assign(root: Mapping, path: ConfigPath, value: unknown): void {
  const parent = valueAt(root, path.slice(0, -1));
  const last = path.at(-1);
  if (typeof parent === 'object' && parent !== null && last !== undefined)
    (parent as Record<string | number, unknown>)[last] = value;
}

function shown(fault: RawFault, written: string | null, line: number | null): ConfigFault {
  const value = fault.unknownKey
    ? `an unknown key with ${kindOf(fault.value)}`
    : shownValue(fault.value, fault.path, written);
  return { path: pathText(fault.path), line, value, expected: fault.expected };
}
