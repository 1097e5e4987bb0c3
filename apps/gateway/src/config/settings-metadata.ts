import { plainToInstance } from 'class-transformer';
import { getMetadataStorage } from 'class-validator';
import type { ValidationMetadata } from 'class-validator/types/metadata/ValidationMetadata.js';

export type SettingsClass = new () => object;

/** What a settings class says of one of its properties. */
export interface Property {
  readonly name: string;
  readonly rules: readonly ValidationMetadata[];
  readonly required: boolean;
  /** The class of a mapping, or of the entries of a list of mappings. */
  readonly nested: SettingsClass | null;
  readonly isList: boolean;
  /** The value when the file says nothing. */
  readonly initial: unknown;
}

const known = new WeakMap<SettingsClass, ReadonlyMap<string, Property>>();

/** The properties of a settings class as its decorators declare them, in the order of declaration. */
export function propertiesOf(settings: SettingsClass): ReadonlyMap<string, Property> {
  const found = known.get(settings);
  if (found !== undefined) return found;
  const properties = readProperties(settings);
  known.set(settings, properties);
  return properties;
}

function readProperties(settings: SettingsClass): Map<string, Property> {
  const byName = new Map<string, ValidationMetadata[]>();
  for (const rule of getMetadataStorage().getTargetValidationMetadatas(settings, '', false, false)) {
    byName.set(rule.propertyName, [...(byName.get(rule.propertyName) ?? []), rule]);
  }
  const blank = new settings() as Record<string, unknown>;
  const properties = new Map<string, Property>();
  for (const [name, rules] of byName) {
    const isNested = rules.some((rule) => rule.type === 'nestedValidation');
    properties.set(name, {
      name,
      rules,
      required: !rules.some((rule) => rule.name === 'isOptional'),
      nested: isNested ? nestedClass(settings, name) : null,
      isList: rules.some((rule) => rule.name === 'isArray' || (rule.each && rule.type === 'nestedValidation')),
      initial: blank[name],
    });
  }
  return properties;
}

/** The class a nested value is made into, found by making one: the transformer keeps that knowledge to itself. */
function nestedClass(settings: SettingsClass, name: string): SettingsClass | null {
  const probe = plainToInstance(settings, { [name]: {} }) as Record<string, unknown>;
  const made = (probe[name] as object | undefined)?.constructor;
  return made === undefined || made === Object ? null : (made as SettingsClass);
}
