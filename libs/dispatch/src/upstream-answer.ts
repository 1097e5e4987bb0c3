import type { UpstreamFailure } from '@switchyard/contract';
import type { Dialect } from '@switchyard/dialects';

export function looksLikeEventStream(contentType: string | undefined): boolean {
  return contentType !== undefined && contentType.toLowerCase().includes('text/event-stream');
}

/**
 * The failure that an answer amounts to when it is not what was asked for: an error status, a redirect, or a 200 whose
 * body is no event stream although one was asked for (an error in JSON, a page of HTML). `nowMs`: Unix milliseconds.
 */
export function failureOfAnswer(
  upstream: Dialect,
  status: number,
  headers: Readonly<Record<string, string | undefined>>,
  body: Buffer,
  nowMs: number,
): UpstreamFailure {
  if (status >= 300 && status <= 399) {
    return {
      class: 'invalid_answer',
      status,
      message: 'The upstream answered with a redirect, which is never followed.',
    };
  }
  if (status < 200 || status > 299) return upstream.readError(status, body.toString(), headers, nowMs);
  return (
    upstream.readErrorUnder200(body.toString()) ?? {
      class: 'invalid_answer',
      status,
      message: 'The upstream answered with something that is not an event stream.',
    }
  );
}
