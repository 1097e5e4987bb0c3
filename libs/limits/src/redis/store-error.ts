/** `timeout` and `lost`: nobody knows whether the command was, or will be, carried out. The others: it was refused. */
export const STORE_ERROR_KINDS = ['timeout', 'lost', 'oom', 'readonly', 'loading', 'misconf', 'other'] as const;
export type StoreErrorKind = (typeof STORE_ERROR_KINDS)[number];

/** A command that Redis did not carry out, or not in time. The message names neither keys nor addresses. */
export class StoreError extends Error {
  override readonly name = 'StoreError';

  constructor(
    readonly kind: StoreErrorKind,
    options?: ErrorOptions,
  ) {
    super(`Redis: ${kind}`, options);
  }

  get isUncertain(): boolean {
    return this.kind === 'timeout' || this.kind === 'lost';
  }
}

/** First words of error answers; older servers quote them in the error of the script. https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors */
const WORDS: ReadonlyMap<string, StoreErrorKind> = new Map([
  ['OOM', 'oom'],
  ['READONLY', 'readonly'],
  ['LOADING', 'loading'],
  ['MISCONF', 'misconf'],
]);

export function storeErrorOf(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  if (!isAnswer(error)) return new StoreError('lost', { cause: error });
  const word = /\b(OOM|READONLY|LOADING|MISCONF)\b/.exec(error.message)?.[0] ?? '';
  return new StoreError(WORDS.get(word) ?? 'other', { cause: error });
}

/** An error that Redis answered with; any other says that the connection failed. */
export function isAnswer(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}
