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
    return spoken.every((rule) => rule.each) ? `a list${EACH_ENTRY}${words}` : words;
  }
  return wordsFor(ownSchema(property)) ?? Object.values(failed).join('; ');
}

/** Joins the words for a list with those for its entries. */
export const EACH_ENTRY = ', each entry ';

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
  const size = [...clause('of at least', schema['minItems']), ...clause('of at most', schema['maxItems'])];
  return `${['a list', ...size].join(' ')}${item === null ? '' : `${EACH_ENTRY}${item}`}`;
}

function rangeWords({ minimum, exclusiveMinimum, maximum }: JsonSchema): string {
  return listed([...clause('above', exclusiveMinimum), ...clause('at least', minimum), ...clause('at most', maximum)]);
}

function textWords({ minLength, maxLength, pattern, format }: JsonSchema): string {
  return listed([
    ...(format === 'uri' ? ['a URL'] : []),
    ...(format === 'date-time' ? ['an ISO 8601 date'] : []),
    ...clause('matching', pattern),
    ...(minLength === 1 ? ['not empty'] : clause('at least', minLength, ' characters')),
    ...clause('at most', maxLength, ' characters'),
  ]);
}

/** Words around a keyword's value; none when the schema does not have the keyword. */
function clause(before: string, value: unknown, after = ''): readonly string[] {
  return typeof value === 'number' || typeof value === 'string' ? [`${before} ${value}${after}`] : [];
}

function listed(clauses: readonly string[]): string {
  return clauses.map((text) => `, ${text}`).join('');
}
