import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync } from 'class-validator';
import type { ValidationError } from 'class-validator';
import type { ConfigPath } from './config-path.js';
import { EACH_ENTRY, expectationOf } from './expectation.js';
import { nearestWord } from './nearest-word.js';
import type { Property, SettingsClass } from './settings-metadata.js';
import { propertiesOf } from './settings-metadata.js';

/** A fault before it is made fit to be shown. */
export interface RawFault {
  readonly path: ConfigPath;
  readonly value: unknown;
  readonly expected: string;
  /** True when the key itself is unknown: its value may be a secret under a misspelt name. */
  readonly unknownKey: boolean;
}

/** Makes `plain` into settings and lists everything that is wrong with it; with faults, the instance is of no use. */
export function validateSettings<T extends object>(
  settings: new () => T,
  plain: Readonly<Record<string, unknown>>,
): { readonly instance: T; readonly faults: readonly RawFault[] } {
  const instance = plainToInstance(settings, plain);
  const errors = validateSync(instance, {
    whitelist: true,
    forbidNonWhitelisted: true,
    validationError: { target: false },
  });
  return { instance, faults: errors.flatMap((error) => faultsOf(error, settings, [])) };
}

function faultsOf(error: ValidationError, owner: SettingsClass, parent: ConfigPath): RawFault[] {
  const path = [...parent, error.property];
  const properties = propertiesOf(owner);
  const property = properties.get(error.property);
  if (property === undefined) return [unknownKey(error, path, [...properties.keys()])];
  if (error.constraints !== undefined) {
    return elementsAtFault(property, error.value, path, expectationOf(property, error.constraints));
  }
  return (error.children ?? []).flatMap((child) => childFaults(child, property, path));
}

function childFaults(child: ValidationError, property: Property, path: ConfigPath): RawFault[] {
  const { nested } = property;
  if (nested === null) return [];
  if (!property.isList) return faultsOf(child, nested, path);
  const itemPath = [...path, Number(child.property)];
  if (child.constraints !== undefined) {
    return [{ path: itemPath, value: child.value as unknown, expected: 'a mapping', unknownKey: false }];
  }
  return (child.children ?? []).flatMap((grandchild) => faultsOf(grandchild, nested, itemPath));
}

function unknownKey(error: ValidationError, path: ConfigPath, known: readonly string[]): RawFault {
  const nearest = nearestWord(error.property, known);
  const expected = nearest === null ? `one of the keys ${known.join(', ')}` : `the key "${nearest}"`;
  return { path, value: error.value as unknown, expected, unknownKey: true };
}

/** A check on each element of a list fails as one; the elements that fail it alone are the ones at fault. */
function elementsAtFault(property: Property, value: unknown, path: ConfigPath, expected: string): RawFault[] {
  const elements: readonly unknown[] = Array.isArray(value) ? value : [];
  const faulty = elements.flatMap((element, index) =>
    passesAlone(property, element)
      ? []
      : [{ path: [...path, index], value: element, expected: elementWords(expected), unknownKey: false }],
  );
  return faulty.length > 0 ? faulty : [{ path, value, expected, unknownKey: false }];
}

function passesAlone(property: Property, element: unknown): boolean {
  const rules = property.rules.filter((rule) => rule.each && rule.type === 'customValidation');
  return rules.every((rule) => {
    const constraints = rule.constraints as unknown[];
    const argument = { value: element, constraints, targetName: '', object: {}, property: property.name };
    const checks = getMetadataStorage().getTargetValidatorConstraints(rule.constraintCls);
    return checks.every(({ instance }) => instance.validate(element, argument) === true);
  });
}

function elementWords(listWords: string): string {
  return listWords.split(EACH_ENTRY)[1] ?? listWords;
}
