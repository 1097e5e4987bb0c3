import type { UpstreamFailure } from '@switchyard/contract';
import type { Dialect } from '@switchyard/dialects';

export function looksLikeEventStream(contentType: string | undefined): boolean {
  return contentType !== undefined && contentType.toLowerCase().includes('text/event-stream');
}

/**
 * The failure that an answer amounts to when it is not what was asked for: an error status, a redirect, or a 200 whose
 * body is no event stream although one was asked for (an error in JSON, a page of HTML).
 */
export function failureOfAnswer(
  upstream: Dialect,
  status: number,
  headers: Readonly<Record<string, string | undefined>>,
  body: Buffer,
): UpstreamFailure {
  if (status >= 300 && status <= 399) {
    return {
      class: 'invalid_answer',
      status,
      message: 'The upstream answered with a redirect, which is never followed.',
    };
  }
  if (status >= 200 && status <= 299) return failureIn200(upstream, status, headers, body);
  return upstream.readError(status, body.toString(), headers);
}

function failureIn200(
  upstream: Dialect,
  status: number,
  headers: Readonly<Record<string, string | undefined>>,
  body: Buffer,
): UpstreamFailure {
  const text = body.toString();
  const embedded = embeddedErrorStatus(text);
  if (embedded !== null) return upstream.readError(embedded, text, headers);
  return {
    class: 'invalid_answer',
    status,
    message: 'The upstream answered with something that is not an event stream.',
  };
}

/** The status inside an error body that came with a 200: its own number where it has one, else a server error. */
function embeddedErrorStatus(text: string): number | null {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof body !== 'object' || body === null || !('error' in body)) return null;
  const { error } = body;
  if (typeof error !== 'object' || error === null) return 502;
  for (const field of ['code', 'status', 'http_status'] as const) {
    const value: unknown = (error as Record<string, unknown>)[field];
    const status = typeof value === 'string' ? Number(value) : value;
    if (typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599) return status;
  }
  return 502;
}
