import { createHmac } from 'node:crypto';
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { HealthTracker } from '@switchyard/dispatch';
import { FailureThrottle } from '@switchyard/identity';
import type { OverloadSettings } from './config/resilience-settings.js';
import { ControlModule } from './control/control.module.js';
import { PLANNING_SERVICE } from './control/planning.js';
import { RuntimeState } from './control/runtime-state.js';
import { AuthFailures } from './edge/auth-failures.js';
import { DispatchRuntime } from './edge/dispatch-runtime.js';
import { EdgeRoutes } from './edge/edge-routes.js';
import { Gate } from './edge/gate.js';
import { InferenceHandler } from './edge/inference.handler.js';
import { Lifecycle } from './edge/lifecycle.js';
import { Strangers } from './edge/strangers.js';
import { Overload } from './overload/overload.js';
import { ProcessVitalSigns } from './overload/vital-signs.js';
import { ProcessLog } from './process/process-log.js';
import { PROCESS_SERVICES } from './process/process-services.js';
import type { ProcessServices } from './process/process-services.js';
import { LEDGER_READER } from './control/ledger-reader.js';
import { ProviderAccounts } from './stops/provider-accounts.js';
import { PromptFrames } from './stops/prompt-frames.js';
import { Reserver } from './stops/reserver.js';
import { RunningRequests } from './stops/running-requests.js';
import { Idempotency } from './stops/idempotency/idempotency.js';
import { Stops } from './stops/stops.js';
import { Planner } from './stops/planner.js';
import { Settlement } from './stops/settlement.js';
import { StickySessions } from './stops/sticky-sessions.js';

/** What data plane and control plane of a process share: the configuration in force, planning, health. */
@Module({})
class SharedModule {
  static of(
    state: RuntimeState,
    log: ProcessLog,
    lifecycle: Lifecycle,
    services: ProcessServices,
    strangers: Strangers,
  ): DynamicModule {
    return {
      module: SharedModule,
      providers: [
        { provide: RuntimeState, useValue: state },
        { provide: ProcessLog, useValue: log },
        { provide: Lifecycle, useValue: lifecycle },
        { provide: PROCESS_SERVICES, useValue: services },
        { provide: LEDGER_READER, useValue: services.ledger },
        { provide: FailureThrottle, useFactory: () => throttleOf(state) },
        AuthFailures,
        { provide: Strangers, useValue: strangers },
        { provide: Overload, useFactory: () => overloadOf(state, log, services, lifecycle) },
        Gate,
        { provide: HealthTracker, useFactory: () => followedHealth(state, services) },
        StickySessions,
        Planner,
        { provide: PLANNING_SERVICE, useExisting: Planner },
      ],
      exports: [
        RuntimeState,
        ProcessLog,
        Lifecycle,
        PROCESS_SERVICES,
        LEDGER_READER,
        Gate,
        HealthTracker,
        StickySessions,
        Planner,
        PLANNING_SERVICE,
      ],
    };
  }
}

/** Keeps to the configuration in force; callers that come and go are no reason to forget anything. */
function followedHealth(state: RuntimeState, { health }: ProcessServices): HealthTracker {
  let known = state.current.config;
  state.onReplaced(({ config }) => {
    if (config.health === known.health && config.catalog === known.catalog) return;
    known = config;
    health.configure(config.health, config.catalog);
  });
  return health;
}

/** One process of the data port: the edge in front, ordinary controllers behind it. */
@Module({})
export class GatewayModule {
  static of(
    state: RuntimeState,
    log: ProcessLog,
    lifecycle: Lifecycle,
    services: ProcessServices,
    strangers: Strangers,
  ): DynamicModule {
    const shared = SharedModule.of(state, log, lifecycle, services, strangers);
    return {
      module: GatewayModule,
      imports: [shared, ControlModule.of(shared)],
      providers: [
        ProviderAccounts,
        DispatchRuntime,
        PromptFrames,
        Idempotency,
        Reserver,
        RunningRequests,
        Settlement,
        Stops,
        InferenceHandler,
        EdgeRoutes,
      ],
    };
  }
}

/** Processes and replicas that share keys share the count of those who guess them. */
function throttleOf({ current: { config } }: RuntimeState): FailureThrottle {
  const salt = createHmac('sha256', config.security.pepper).update('sign-in failures').digest();
  return new FailureThrottle({ salt, redisUrl: config.redis?.url ?? null });
}

function overloadOf(
  state: RuntimeState,
  { logger }: ProcessLog,
  { metrics }: ProcessServices,
  lifecycle: Lifecycle,
): Overload {
  const settings = (): OverloadSettings => state.current.config.overload;
  const signs = new ProcessVitalSigns();
  return new Overload({ settings, signs, isServing: () => lifecycle.isServing, metrics, logger, random: Math.random });
}
