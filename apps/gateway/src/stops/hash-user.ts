import { createHmac } from 'node:crypto';
import type { Caller } from '@switchyard/identity';
import type { SecuritySettings } from '../config/gateway-config.js';

/** Sets these hashes apart from digests of keys, which are made under the same pepper: no header can hold a NUL. */
const PURPOSE = 'end user';

/**
 * What takes the place of a caller's own user ids on the way to an upstream: always the same for a user of a tenant, so that a
 * provider can still tell users apart, and another for each tenant. `null` = they are sent as they are.
 */
export function userHasher(
  { hashUser, pepper }: Pick<SecuritySettings, 'hashUser' | 'pepper'>,
  { tenantId }: Pick<Caller, 'tenantId'>,
): ((user: string) => string) | null {
  if (!hashUser) return null;
  return (user) => createHmac('sha256', pepper).update(`${PURPOSE}\0${tenantId}\0${user}`).digest('hex');
}
