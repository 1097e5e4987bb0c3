import { Controller, Get, Header, Inject, Module, Res } from '@nestjs/common';
import type { DynamicModule, MiddlewareConsumer, NestModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { METRICS_CONTENT_TYPE } from '@switchyard/telemetry';
import type { Response } from 'express';
import { AdminModule } from '../admin/admin.module.js';
import { OPS_PARTS } from '../admin/ops-parts.js';
import type { OpsParts } from '../admin/ops-parts.js';
import { AnswerIds } from '../control/answer-ids.js';
import { ErrorFilter } from '../control/error.filter.js';
import { ProcessLog } from './process-log.js';

interface Health {
  readonly status: 'ok' | 'ready' | 'not ready';
}

@Controller()
class OpsHealthController {
  constructor(@Inject(OPS_PARTS) private readonly parts: OpsParts) {}

  /** The supervisor lives. Says nothing of the workers, so that an orchestrator does not restart what is only draining. */
  @Get('healthz')
  health(): Health {
    return { status: 'ok' };
  }

  @Get('readyz')
  readiness(@Res({ passthrough: true }) response: Response): Health {
    if (this.parts.isReady()) return { status: 'ready' };
    response.status(503);
    return { status: 'not ready' };
  }

  /** For Prometheus, without a key: the operations port is not for the public. */
  @Get('metrics')
  @Header('content-type', METRICS_CONTENT_TYPE)
  metrics(): Promise<string> {
    return this.parts.metrics();
  }
}

/** The operations port: health, metrics, administration. */
@Module({})
export class OpsModule implements NestModule {
  static of(parts: OpsParts): DynamicModule {
    return {
      module: OpsModule,
      imports: [AdminModule.of(parts)],
      controllers: [OpsHealthController],
      providers: [
        { provide: OPS_PARTS, useValue: parts },
        { provide: ProcessLog, useValue: parts.log },
        { provide: APP_FILTER, useClass: ErrorFilter },
      ],
    };
  }

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(AnswerIds).forRoutes('{*path}');
  }
}
