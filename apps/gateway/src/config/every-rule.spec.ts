import 'reflect-metadata';
import { stringify } from 'yaml';
import type { JsonSchema } from './checks.js';
import type { ConfigFault } from './config-error.js';
import { pathText } from './config-path.js';
import type { ConfigPath } from './config-path.js';
import { ownSchema } from './json-schema.js';
import { readSettings } from './read-settings.js';
import type { Property, SettingsClass } from './settings-metadata.js';
import { propertiesOf } from './settings-metadata.js';
import { SwitchyardFile } from './switchyard-file.js';

/** One setting somewhere in the file, the first entry of each list standing for all. */
interface Setting {
  readonly path: ConfigPath;
  readonly property: Property;
}

function settingsBelow(settings: SettingsClass, path: ConfigPath): readonly Setting[] {
  return [...propertiesOf(settings).values()].flatMap((property) => {
    const own = [...path, property.name];
    if (property.nested === null) return [{ path: own, property }];
    const below = settingsBelow(property.nested, property.isList ? [...own, 0] : own);
    return [{ path: own, property }, ...below];
  });
}

const SETTINGS = settingsBelow(SwitchyardFile, []);

/** A file that says one thing. */
function fileWith(path: ConfigPath, value: unknown): string {
  return stringify(
    path.reduceRight<unknown>((inner, step) => (typeof step === 'number' ? [inner] : { [step]: inner }), value),
  );
}

function faultsOf(text: string): readonly ConfigFault[] {
  return readSettings(text, {}).faults;
}

function faultPaths(text: string): readonly string[] {
  return faultsOf(text).map(({ path }) => path);
}

interface BrokenRule {
  readonly rule: string;
  readonly path: ConfigPath;
  readonly faulty: unknown;
  /** The nearest value that keeps the rule, where there is one. */
  readonly sound?: unknown;
}

/** Every way to break a single value of this schema, one rule at a time. */
function brokenRules(path: ConfigPath, schema: JsonSchema): readonly BrokenRule[] {
  const { type, minimum, maximum, exclusiveMinimum, minLength, maxLength, minItems } = schema;
  const rules: BrokenRule[] = [];
  const add = (rule: string, faulty: unknown, sound?: unknown): void => {
    rules.push({ rule: `${pathText(path)}: ${rule}`, path, faulty, sound });
  };
  if (schema['enum'] !== undefined) add('one of its choices', 'no-such-choice', (schema['enum'] as unknown[])[0]);
  if (typeof minimum === 'number') add(`at least ${minimum}`, minimum - 1, minimum);
  if (typeof maximum === 'number') add(`at most ${maximum}`, maximum + 1, maximum);
  if (exclusiveMinimum === 0) add('above 0', 0, 1);
  if (type === 'integer') add('a whole number', 1.5);
  if (type === 'number') add('a number', 'no-number');
  if (type === 'boolean') add('true or false', 'maybe', true);
  if (typeof maxLength === 'number') add(`at most ${maxLength} characters`, 'x'.repeat(maxLength + 1));
  if (typeof minLength === 'number') add(`at least ${minLength} characters`, 'x'.repeat(minLength - 1));
  if (schema['pattern'] !== undefined) add('its pattern', ' \u0000 ');
  if (type === 'array') add('a list', 'no list');
  if (type === 'object') add('a mapping', 'no mapping');
  if (typeof minItems === 'number') add(`at least ${minItems} entries`, []);
  const { items } = schema;
  if (items !== undefined) rules.push(...brokenRules([...path, 0], items as JsonSchema));
  return rules;
}

const BROKEN = SETTINGS.flatMap(({ path, property }) => brokenRules(path, ownSchema(property)));

describe('every rule of the file format', () => {
  it('is found by the walk through the settings', () => {
    expect(SETTINGS.length).toBeGreaterThan(150);
    expect(BROKEN.length).toBeGreaterThan(250);
    expect(BROKEN.map(({ rule }) => rule)).toEqual(
      expect.arrayContaining([
        'server.port: at most 65535',
        'models[0].endpoints[0].prior.latency: above 0',
        'routing.policy.only: at least 1 entries',
        'keys[0].limits.budget_usd.month: at most 9000000',
      ]),
    );
  });

  it.each(BROKEN)('$rule', ({ path, faulty, sound }) => {
    expect(faultPaths(fileWith(path, faulty))).toContain(pathText(path));
    if (sound !== undefined) expect(faultPaths(fileWith(path, sound))).not.toContain(pathText(path));
  });

  it.each(SETTINGS.map(({ path, property }) => ({ name: pathText(path), path, property })))(
    'refuses a misspelt $name and says the right name',
    ({ path, property }) => {
      const misspelt = `${property.name}x`;
      const place = [...path.slice(0, -1), misspelt];
      const faults = faultsOf(fileWith(place, 1));
      expect(faults).toContainEqual(
        expect.objectContaining({
          path: pathText(place),
          expected: expect.stringContaining(property.name.replace(/x$/, '')),
        }),
      );
    },
  );
});
