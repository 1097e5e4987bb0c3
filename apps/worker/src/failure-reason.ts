/**
 * What may be told of an error anywhere: its code (`ECONNREFUSED`, `57P01`, Redis' `READONLY`), or else its name. Messages
 * quote what they failed on, addresses and data included.
 */
export function failureReason(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  // Redis answers an error with its code as the first word.
  if (error.name === 'ReplyError') return error.message.split(' ', 1)[0] ?? error.name;
  return error.name;
}
