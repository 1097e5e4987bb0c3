import type { IncomingMessage } from 'node:http';

/** Client headers that change what an upstream of the same dialect does. Everything else stays here. */
const FORWARDED = ['anthropic-version', 'anthropic-beta', 'openai-beta'] as const;
/** What a header value may hold without being refused, or read otherwise, further on. */
const SAFE_VALUE = /^[\x20-\x7e]{1,4096}$/;

export function forwardedHeadersOf(request: IncomingMessage): Readonly<Record<string, string>> {
  const forwarded: Record<string, string> = {};
  for (const name of FORWARDED) {
    const value = headerOf(request, name);
    if (value !== null && SAFE_VALUE.test(value)) forwarded[name] = value;
  }
  return forwarded;
}

/** A header's value, repeated ones joined as HTTP says; `null` = absent. */
export function headerOf(request: IncomingMessage, name: string): string | null {
  const value = request.headers[name];
  if (value === undefined) return null;
  return Array.isArray(value) ? value.join(', ') : value;
}
