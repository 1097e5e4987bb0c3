const HINTS = new Set(['provider', 'models', 'route', 'session_id']);

/** True for a top-level field that steers a gateway: a vendor's own API knows none of them. */
export function isHint(field: string): boolean {
  return HINTS.has(field) || field.startsWith('provider_');
}
