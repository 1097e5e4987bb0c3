import { createParamDecorator, SetMetadata } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { Caller, Permission } from '@switchyard/identity';
import type { Request } from 'express';
import type { Loaded } from './runtime-state.js';

/** Who is calling, and the configuration that the request keeps to its end. */
export interface Admission {
  readonly caller: Caller;
  readonly loaded: Loaded;
}

/** A request as it looks once `KeyGuard` has let it in. */
export interface AdmittedRequest extends Request {
  admission?: Admission;
}

export const PERMISSION = 'switchyard:permission';

/** The permission a key needs for a route, beyond being valid. */
export const RequirePermission = (permission: Permission) => SetMetadata(PERMISSION, permission);

/** The `Admission` of the request. Only behind `KeyGuard`. */
export const Admitted = createParamDecorator((_data: unknown, context: ExecutionContext): Admission => {
  const { admission } = context.switchToHttp().getRequest<AdmittedRequest>();
  if (admission === undefined) throw new Error('A route that asks for the caller must be behind KeyGuard');
  return admission;
});

/** The request itself, for a pipe that reads its body. */
export const RequestBody = createParamDecorator((_data: unknown, context: ExecutionContext): AdmittedRequest =>
  context.switchToHttp().getRequest<AdmittedRequest>(),
);
