import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { FailureThrottle } from '@switchyard/identity';
import { TimerWheel } from '@switchyard/transport';
import { AdminBodyPipe } from './admin-body.pipe.js';
import { AdminGuard } from './admin.guard.js';
import { AdminStores } from './admin-stores.js';
import { ConfigController } from './config.controller.js';
import { CredentialsController } from './credentials.controller.js';
import { KeysController } from './keys.controller.js';
import { OPS_PARTS } from './ops-parts.js';
import type { OpsParts } from './ops-parts.js';
import { TenantsController } from './tenants.controller.js';
import { UsageController } from './usage.controller.js';

/** The admin API, for the operations port. Its application must be created with `bodyParser: false`. */
@Module({})
export class AdminModule {
  static of(parts: OpsParts): DynamicModule {
    return {
      module: AdminModule,
      controllers: [ConfigController, CredentialsController, KeysController, TenantsController, UsageController],
      providers: [
        AdminBodyPipe,
        AdminGuard,
        AdminStores,
        { provide: OPS_PARTS, useValue: parts },
        { provide: FailureThrottle, useFactory: () => new FailureThrottle() },
        { provide: TimerWheel, useFactory: () => new TimerWheel() },
      ],
    };
  }
}
