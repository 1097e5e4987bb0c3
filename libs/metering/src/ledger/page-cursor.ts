import { GatewayError, parseJson } from '@switchyard/contract';
import type { JsonValue } from '@switchyard/contract';
import { cleanText } from './clean-text.js';
import { isRecordId } from './record-row.js';

/** Where a page ended: the values of the columns that order it. */
type PageKey = readonly (string | number)[];

type KeyType = 'time' | 'text' | 'id';

const PAGE_MAX = 10_000;

export function writeCursor(key: PageKey): string {
  return Buffer.from(JSON.stringify(key), 'utf8').toString('base64url');
}

/** `types` are those of the ordering columns. Throws `GatewayError(invalid_request)` for what is no cursor of such. */
export function readCursor(cursor: string, types: readonly KeyType[]): PageKey {
  const key = parsed(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (!Array.isArray(key) || key.length !== types.length) throw invalidCursor();
  return types.map((type, at) => valueOf((key as readonly JsonValue[])[at], type));
}

/** Throws `GatewayError(invalid_request)` for what is no number of rows. */
export function pageSize(limit: number): number {
  if (Number.isSafeInteger(limit) && limit >= 1 && limit <= PAGE_MAX) return limit;
  throw new GatewayError('invalid_request', `limit must be a whole number from 1 to ${PAGE_MAX}.`, { param: 'limit' });
}

function valueOf(value: JsonValue | undefined, type: KeyType): string | number {
  if (type === 'time' && typeof value === 'number' && Number.isSafeInteger(value)) return value;
  if (type === 'text' && typeof value === 'string') return cleanText(value);
  if (type === 'id' && isRecordId(value)) return value;
  throw invalidCursor();
}

function parsed(text: string): JsonValue {
  try {
    return parseJson(text);
  } catch {
    throw invalidCursor();
  }
}

function invalidCursor(): GatewayError {
  return new GatewayError('invalid_request', 'cursor must be the next_cursor of an earlier page of the same query.', {
    param: 'cursor',
  });
}
