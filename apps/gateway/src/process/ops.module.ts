import { Controller, Get, Inject, Module, ServiceUnavailableException } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';

const IS_READY = Symbol('isReady');

interface Health {
  readonly status: 'ok' | 'ready';
}

@Controller()
class OpsHealthController {
  constructor(@Inject(IS_READY) private readonly isReady: () => boolean) {}

  /** The supervisor lives. Says nothing of the workers, so that an orchestrator does not restart what is only draining. */
  @Get('healthz')
  health(): Health {
    return { status: 'ok' };
  }

  @Get('readyz')
  readiness(): Health {
    if (!this.isReady()) throw new ServiceUnavailableException({ status: 'not ready' });
    return { status: 'ready' };
  }
}

@Module({})
export class OpsModule {
  static of(isReady: () => boolean): DynamicModule {
    return {
      module: OpsModule,
      controllers: [OpsHealthController],
      providers: [{ provide: IS_READY, useValue: isReady }],
    };
  }
}
