import type { ValidationMetadata } from 'class-validator/types/metadata/ValidationMetadata.js';
import type { JsonSchema } from './checks.js';
import { SHAPE } from './checks.js';
import { ownSchema } from './json-schema.js';
import type { Property } from './settings-metadata.js';

/**
 * What a property would have taken, as words that complete "expected ...". `failed` are the failed checks by name, with
 * their messages. A check that brings words of its own is quoted; for the others the words are made from the same
 * metadata as the shipped schema, so that a message and an editor never disagree.
 */
export function expectationOf(property: Property, failed: Readonly<Record<string, string>>): string {
  const spoken = property.rules.filter((rule) => isSpoken(rule) && (rule.name ?? rule.type) in failed);
  if (spoken.length > 0) {
    const words = [...new Set(spoken.map((rule) => failed[rule.name ?? rule.type] ?? ''))].join('; ');
    return spoken.every((rule) => rule.each) ? `${EACH_ENTRY}${words}` : words;
  }
  return wordsFor(ownSchema(property)) ?? Object.values(failed).join('; ');
}

/** Joins the words for a list with those for its entries. */
export const EACH_ENTRY = 'a list, each entry ';

function isSpoken(rule: ValidationMetadata): boolean {
  return rule.name === SHAPE || (rule.type === 'customValidation' && Boolean(rule.message));
}

function wordsFor(schema: JsonSchema): string | null {
  const choices = schema['enum'];
  if (Array.isArray(choices)) return `one of ${choices.map(String).join(', ')}`;
  switch (schema['type']) {
    case 'array':
      return listWords(schema);
    case 'object':
      return 'a mapping';
    case 'boolean':
      return 'true or false';
    case 'integer':
      return `a whole number${rangeWords(schema)}`;
    case 'number':
      return `a number${rangeWords(schema)}`;
    case 'string':
      return `text${textWords(schema)}`;
    default:
      return null;
  }
}

function listWords(schema: JsonSchema): string {
  const items = schema['items'] as JsonSchema | undefined;
  const item = items === undefined ? null : wordsFor(items);
  const least = schema['minItems'] === undefined ? '' : ` of at least ${String(schema['minItems'])}`;
  const most = schema['maxItems'] === undefined ? '' : ` of at most ${String(schema['maxItems'])}`;
  return `a list${least}${most}${item === null ? '' : `, each entry ${item}`}`;
}

function rangeWords(schema: JsonSchema): string {
  const { minimum, exclusiveMinimum, maximum } = schema;
  const parts = [
    ...(exclusiveMinimum === undefined ? [] : [`above ${String(exclusiveMinimum)}`]),
    ...(minimum === undefined ? [] : [`at least ${String(minimum)}`]),
    ...(maximum === undefined ? [] : [`at most ${String(maximum)}`]),
  ];
  return parts.length === 0 ? '' : `, ${parts.join(', ')}`;
}

function textWords(schema: JsonSchema): string {
  const { minLength, maxLength, pattern, format } = schema;
  const parts = [
    ...(format === 'uri' ? ['a URL'] : []),
    ...(format === 'date-time' ? ['an ISO 8601 date'] : []),
    ...(pattern === undefined ? [] : [`matching ${String(pattern)}`]),
    ...(minLength === undefined || minLength === 1 ? [] : [`at least ${String(minLength)} characters`]),
    ...(minLength === 1 ? ['not empty'] : []),
    ...(maxLength === undefined ? [] : [`at most ${String(maxLength)} characters`]),
  ];
  return parts.length === 0 ? '' : `, ${parts.join(', ')}`;
}
