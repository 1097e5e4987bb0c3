import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { requirePermission } from '@switchyard/identity';
import type { Caller, Permission } from '@switchyard/identity';
import { keyHeadersOf } from '../edge/credentials-of.js';
import { Gate } from '../edge/gate.js';
import type { AdmittedRequest } from './admission.js';
import { PERMISSION } from './admission.js';
import { RuntimeState } from './runtime-state.js';
import type { Loaded } from './runtime-state.js';

/** Lets a request in when its key is valid and has the permission of the route. */
@Injectable()
export class KeyGuard implements CanActivate {
  constructor(
    private readonly state: RuntimeState,
    private readonly gate: Gate,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AdmittedRequest>();
    const loaded = this.state.current;
    const caller = await this.authenticate(request, loaded);
    const permission = this.reflector.get<Permission | undefined>(PERMISSION, context.getHandler());
    if (permission !== undefined) requirePermission(caller, permission);
    this.gate.strangers.letIn(request.socket);
    if (this.gate.overload.refusal() !== null) throw this.gate.overload.error();
    request.admission = { caller, loaded };
    return true;
  }

  private async authenticate(request: AdmittedRequest, { keyRing }: Loaded): Promise<Caller> {
    try {
      return keyRing.authenticate(keyHeadersOf(request));
    } catch (error) {
      throw await this.gate.failures.answerTo(error, keyHeadersOf(request), request.socket.remoteAddress);
    }
  }
}
