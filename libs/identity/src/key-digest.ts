import { createHmac } from 'node:crypto';

/** The form in which a key is kept and looked up: HMAC-SHA-256 under the deployment's pepper, lower-case hexadecimal. */
export function digestOf(secret: string, pepper: Buffer): string {
  return createHmac('sha256', pepper).update(secret, 'utf8').digest('hex');
}
