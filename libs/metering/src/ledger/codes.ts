import type { Protocol, UsageSource } from '@switchyard/contract';
import type { RecordStatus } from '../record.js';

/** A closed set of words and the numbers that stand for them in the database. A number is never given to another word. */
export interface Codes<Word extends string> {
  /** Throws `RangeError` for a word that is none of the set. */
  codeOf(word: Word): number;
  /** Throws `RangeError` for a number without a word: the row was written by a newer version. */
  wordOf(code: number): Word;
}

export const PROTOCOL_CODES = codes<Protocol>('protocol', { messages: 1, chat: 2 });

export const STATUS_CODES = codes<RecordStatus>('status', {
  completed: 1,
  client_cancelled: 2,
  upstream_error: 3,
  truncated: 4,
  rejected: 5,
  orphaned: 6,
});

export const USAGE_SOURCE_CODES = codes<UsageSource>('usageSource', {
  upstream: 1,
  partial: 2,
  estimated: 3,
  none: 4,
});

function codes<Word extends string>(field: string, table: Readonly<Record<Word, number>>): Codes<Word> {
  const byWord = new Map(Object.entries<number>(table));
  const byCode = new Map(Object.entries<number>(table).map(([word, code]) => [code, word as Word]));
  const known = <T>(value: T | undefined, of: string | number): T => {
    if (value === undefined) throw new RangeError(`${field} is ${JSON.stringify(of)}, which is not known here.`);
    return value;
  };
  return { codeOf: (word) => known(byWord.get(word), word), wordOf: (code) => known(byCode.get(code), code) };
}
