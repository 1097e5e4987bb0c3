import type { ConfigPath } from './config-path.js';

const SECRET_KEYS = /^(?:key|key_hash|api_key|pepper|encryption_key|password|secret|token|headers)$/;
const SHOWN_LENGTH_MAX = 60;

/**
 * A faulty value as a message may show it. Secrets, and everything below a secret's key, are masked; a value that came
 * from the environment is shown as the reference that was written; the inside of lists and mappings is never shown,
 * because a secret may be in it.
 */
export function shownValue(value: unknown, path: ConfigPath, written: string | null): string {
  if (written !== null) return JSON.stringify(shortened(written));
  if (value === undefined || value === null) return 'nothing';
  if (isSecret(path)) return '*** (masked)';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${String(value.length)}`;
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return JSON.stringify(shortened(withoutPassword(value)));
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  return `a ${typeof value}`;
}

/** The kind of a value under an unknown key: the key may be a misspelt `api_key`, so its value is not shown at all. */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a mapping' : `a ${typeof value}`;
}

/** Below a secret's key, or where an entry of `keys` or `credentials` should be: a bare secret may stand in its place. */
function isSecret(path: ConfigPath): boolean {
  const names = path.filter((step) => typeof step === 'string');
  return names.some((name) => SECRET_KEYS.test(name)) || /^(?:keys|credentials)$/.test(names.at(-1) ?? '');
}

function shortened(text: string): string {
  return text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}...` : text;
}

function withoutPassword(text: string): string {
  return text.replace(/(:\/\/[^/@:\s]*):[^@\s]*@/, '$1:***@');
}
