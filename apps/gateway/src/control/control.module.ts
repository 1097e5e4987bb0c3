import { Module } from '@nestjs/common';
import type { DynamicModule, MiddlewareConsumer, NestModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TimerWheel } from '@switchyard/transport';
import { AnswerIds } from './answer-ids.js';
import { BodyBytesPipe } from './body-bytes.pipe.js';
import { ErrorFilter } from './error.filter.js';
import { ExplainController } from './explain.controller.js';
import { GenerationController } from './generation.controller.js';
import { HealthController } from './health.controller.js';
import { KeyInfoController } from './key-info.controller.js';
import { KeyGuard } from './key.guard.js';
import { ModelAccess } from './model-access.js';
import { ModelsController } from './models.controller.js';
import { WrongMethodController } from './wrong-method.controller.js';

/**
 * The routes of the data port that are not hot. The application must be created with `bodyParser: false`: a body is read
 * only after its sender was let in.
 */
@Module({})
export class ControlModule implements NestModule {
  /** `shared` must export `RuntimeState`, `Lifecycle`, `ProcessLog`, `Gate`, `HealthTracker`, the `LEDGER_READER` and the `PLANNING_SERVICE`. */
  static of(shared: DynamicModule): DynamicModule {
    return {
      module: ControlModule,
      imports: [shared],
      // The order is the order of the routes: the wrong-method routes take what the others left.
      controllers: [
        HealthController,
        ModelsController,
        GenerationController,
        KeyInfoController,
        ExplainController,
        WrongMethodController,
      ],
      providers: [
        BodyBytesPipe,
        KeyGuard,
        ModelAccess,
        { provide: APP_FILTER, useClass: ErrorFilter },
        { provide: TimerWheel, useFactory: () => new TimerWheel() },
      ],
    };
  }

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(AnswerIds).forRoutes('{*path}');
  }
}
