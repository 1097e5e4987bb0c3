import { GatewayError } from '@switchyard/contract';
import type { Caller, Permission } from './caller.js';

/** Throws `GatewayError(permission)` naming the permission the caller's key lacks. */
export function requirePermission(caller: Caller, permission: Permission): void {
  if (caller.permissions.has(permission)) return;
  throw new GatewayError('permission', `This API key lacks the "${permission}" permission.`);
}
