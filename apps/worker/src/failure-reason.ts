/**
 * What may be told of an error anywhere: its code (`ECONNREFUSED`, `57P01`, Redis' `READONLY`), or else its name. Messages
 * quote what they failed on, addresses and data included.
 */
export function failureReason(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown';
  const { code, name, message } = error as Partial<Record<'code' | 'name' | 'message', unknown>>;
  if (typeof code === 'string') return code;
  // Redis answers an error with its code as the first word.
  if (name === 'ReplyError' && typeof message === 'string') return message.split(' ', 1)[0] ?? name;
  return typeof name === 'string' ? name : 'unknown';
}
