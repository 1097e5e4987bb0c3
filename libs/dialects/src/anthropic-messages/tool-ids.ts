/** Form of tool call ids that Anthropic accepts. */
const VALID = /^[a-zA-Z0-9_-]+$/;
const ENCODED = 'sw1_';

/**
 * A tool call id in a form that Anthropic's API accepts. Ids of other vendors (`functions.Bash:0`) are packed into one
 * that can be read back without any memory of the request, so a call and its result always agree.
 */
export function encodeToolId(id: string): string {
  const isOurs = id.startsWith(ENCODED);
  return VALID.test(id) && !isOurs ? id : ENCODED + Buffer.from(id, 'utf8').toString('base64url');
}

/** Inverse of `encodeToolId`; any other id comes back as it is. */
export function decodeToolId(id: string): string {
  if (!id.startsWith(ENCODED)) return id;
  const decoded = Buffer.from(id.slice(ENCODED.length), 'base64url').toString('utf8');
  return encodeToolId(decoded) === id ? decoded : id;
}
