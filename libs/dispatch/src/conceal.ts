import type { UpstreamFailure } from '@switchyard/contract';

/** A stretch of a secret as long as this gives it away; shorter ones are in ordinary words too. */
const TELLING_LENGTH = 12;
/** Shorter than this it is a stand-in such as `EMPTY`, as hosts without sign-in take it. */
const SECRET_LENGTH_MIN = 8;
const CONCEALED = '[secret]';

/** The text without any telling stretch of a secret, whole or cut off at either end. */
export function conceal(text: string, secret: string): string {
  const telling = Math.min(TELLING_LENGTH, secret.length);
  if (secret.length < SECRET_LENGTH_MIN || text.length < telling) return text;
  let safe = '';
  let at = 0;
  while (at < text.length) {
    const length = stretchAt(text, at, secret, telling);
    safe += length === 0 ? text.charAt(at) : CONCEALED;
    at += Math.max(1, length);
  }
  return safe;
}

/** What an upstream said of a request, as far as it passes to the caller, without the credential that it was sent. */
export function concealIn(failure: UpstreamFailure, secrets: readonly string[]): UpstreamFailure {
  const safe = (text: string): string => secrets.reduce(conceal, text);
  const { param } = failure;
  return { ...failure, message: safe(failure.message), ...(param !== undefined && { param: safe(param) }) };
}

/** Length of the longest stretch of the secret that the text has at this place; 0 when it tells nothing. */
function stretchAt(text: string, at: number, secret: string, telling: number): number {
  if (text.length - at < telling) return 0;
  const beginning = text.slice(at, at + telling);
  let longest = 0;
  let found = secret.indexOf(beginning);
  while (found !== -1) {
    let length = telling;
    while (found + length < secret.length && text[at + length] === secret[found + length]) length += 1;
    longest = Math.max(longest, length);
    found = secret.indexOf(beginning, found + 1);
  }
  return longest;
}
