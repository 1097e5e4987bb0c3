import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync } from 'class-validator';
import type { ValidationError } from 'class-validator';
import type { ConfigPath } from './config-path.js';
import { expectationOf } from './expectation.js';
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
  const whole = [{ path, value, expected, unknownKey: false }];
  if (!Array.isArray(value)) return whole;
  const rules = property.rules.filter((rule) => rule.each && rule.type === 'customValidation');
  const faulty = value.flatMap((element: unknown, index) => {
    const passes = rules.every((rule) =>
      getMetadataStorage()
        .getTargetValidatorConstraints(rule.constraintCls)
        .every(({ instance }) =>
          instance.validate(element, {
            value: element,
            constraints: rule.constraints as unknown[],
            targetName: '',
            object: {},
            property: property.name,
          }),
        ),
    );
    return passes
      ? []
      : [{ path: [...path, index], value: element, expected: elementWords(expected), unknownKey: false }];
  });
  return faulty.length > 0 ? faulty : whole;
}

function elementWords(listWords: string): string {
  return listWords.split(', each entry ')[1] ?? listWords;
}
