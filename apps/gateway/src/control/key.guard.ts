import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { requirePermission } from '@switchyard/identity';
import type { Permission } from '@switchyard/identity';
import { keyHeadersOf } from '../edge/credentials-of.js';
import type { AdmittedRequest } from './admission.js';
import { PERMISSION } from './admission.js';
import { RuntimeState } from './runtime-state.js';

/** Lets a request in when its key is valid and has the permission of the route. */
@Injectable()
export class KeyGuard implements CanActivate {
  constructor(
    private readonly state: RuntimeState,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<AdmittedRequest>();
    const loaded = this.state.current;
    const caller = loaded.keyRing.authenticate(keyHeadersOf(request));
    const permission = this.reflector.get<Permission | undefined>(PERMISSION, context.getHandler());
    if (permission !== undefined) requirePermission(caller, permission);
    request.admission = { caller, loaded };
    return true;
  }
}
