import type { Signature } from '@switchyard/conversation';

/** Marks an opaque string as Switchyard's own envelope, version 1. */
const TAG = 'sw1.';

/** The origin of signatures that carry no tag: they are Anthropic's, replayed byte for byte. */
export const ANTHROPIC_ORIGIN = 'anthropic';

/**
 * One string for a signature of any origin, to travel through a client that only keeps strings:
 * `sw1.<origin>.<base64url of the value>`. Anthropic's own stay as they are. The value may be empty: the tag then only
 * says who produced a piece of reasoning that came without a proof.
 */
export function encodeSignature(signature: Signature): string {
  if (signature.origin === ANTHROPIC_ORIGIN) return signature.value;
  return `${TAG}${signature.origin}.${Buffer.from(signature.value, 'utf8').toString('base64url')}`;
}

/** Inverse of `encodeSignature`. A string without the tag belongs to `untagged`, the origin of the protocol it came by. */
export function decodeSignature(text: string, untagged: string = ANTHROPIC_ORIGIN): Signature {
  const separator = text.lastIndexOf('.');
  if (!isTagged(text) || separator <= TAG.length) return { origin: untagged, value: text };
  const value = Buffer.from(text.slice(separator + 1), 'base64url').toString('utf8');
  return { origin: text.slice(TAG.length, separator), value };
}

/** True for a string that `encodeSignature` made and that no upstream would accept as it is. */
export function isTagged(text: string): boolean {
  return text.startsWith(TAG);
}
