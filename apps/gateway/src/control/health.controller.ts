import { Controller, Get, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Readiness } from './readiness.js';

/** For load balancers: open to all, and without detail. */
@Controller()
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  @Get('healthz')
  alive(): { status: string } {
    return { status: 'ok' };
  }

  @Get('readyz')
  ready(@Res({ passthrough: true }) response: Response): { status: string } {
    const { state } = this.readiness;
    response.status(state === 'ready' ? 200 : 503);
    return { status: state };
  }
}
