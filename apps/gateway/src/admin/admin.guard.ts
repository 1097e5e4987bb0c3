import { createParamDecorator, Inject, Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { GatewayError } from '@switchyard/contract';
import { FailureThrottle, requirePermission } from '@switchyard/identity';
import type { Caller } from '@switchyard/identity';
import type { Request } from 'express';
import { keyHeadersOf } from '../edge/credentials-of.js';
import { OPS_PARTS } from './ops-parts.js';
import type { OpsParts } from './ops-parts.js';

/** A request as it looks once `AdminGuard` has let it in. */
interface AdminRequest extends Request {
  administrator?: Caller;
}

/** Lets a request in when its key has the permission `admin`: it is the operator's and sees all tenants. */
@Injectable()
export class AdminGuard implements CanActivate {
  constructor(
    @Inject(OPS_PARTS) private readonly parts: OpsParts,
    private readonly throttle: FailureThrottle,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AdminRequest>();
    try {
      const caller = this.parts.keyRing().authenticate(keyHeadersOf(request));
      requirePermission(caller, 'admin');
      request.administrator = caller;
      return true;
    } catch (error) {
      throw error instanceof GatewayError ? await this.throttle.answerTo(error, request.socket.remoteAddress) : error;
    }
  }
}

/** Who is calling. Only behind `AdminGuard`. */
export const Administrator = createParamDecorator((_data: unknown, context: ExecutionContext): Caller => {
  const { administrator } = context.switchToHttp().getRequest<AdminRequest>();
  if (administrator === undefined) throw new Error('A route that asks for the administrator must be behind AdminGuard');
  return administrator;
});
