import { Controller, Get, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Lifecycle } from '../edge/lifecycle.js';

/** For load balancers: open to all, and without detail. */
@Controller()
export class HealthController {
  constructor(private readonly lifecycle: Lifecycle) {}

  @Get('healthz')
  alive(): { status: string } {
    return { status: 'ok' };
  }

  @Get('readyz')
  ready(@Res({ passthrough: true }) response: Response): { status: string } {
    const { isReady, isLeaving } = this.lifecycle;
    response.status(isReady ? 200 : 503);
    if (isReady) return { status: 'ready' };
    return { status: isLeaving ? 'draining' : 'starting' };
  }
}
