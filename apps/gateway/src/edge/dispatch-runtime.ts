import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Drains, HealthTracker, Hedges, RetryBudgets } from '@switchyard/dispatch';
import type { DispatchCounters, DispatchTools } from '@switchyard/dispatch';
import { costFields, costOf, judgeUsage } from '@switchyard/metering';
import { TimerWheel, Transport } from '@switchyard/transport';
import { ProviderAccounts } from '../stops/provider-accounts.js';
import { RuntimeState } from '../control/runtime-state.js';
import { ProcessLog } from '../process/process-log.js';
import { PROCESS_SERVICES } from '../process/process-services.js';
import type { ProcessServices } from '../process/process-services.js';

/** What all dispatches of this process share: connections, timers, health, budgets. */
@Injectable()
export class DispatchRuntime implements OnApplicationShutdown {
  readonly tools: DispatchTools;
  private readonly transport: Transport;

  constructor(
    health: HealthTracker,
    accounts: ProviderAccounts,
    log: ProcessLog,
    state: RuntimeState,
    @Inject(PROCESS_SERVICES) services: ProcessServices,
  ) {
    const onFault = (error: unknown): void => {
      log.logger.error({ err: error }, 'fault while reading an upstream');
    };
    const wheel = new TimerWheel({ onFault });
    this.transport = new Transport({ wheel, onFault });
    const nowMs = (): number => performance.now();
    const { retryBudgets, hedging } = state.current.config.routing;
    const budgets = new RetryBudgets(retryBudgets, nowMs);
    const hedges = new Hedges(hedging, nowMs);
    state.onReplaced(({ config }) => {
      budgets.configure(config.routing.retryBudgets);
      hedges.configure(config.routing.hedging);
    });
    this.tools = {
      transport: this.transport,
      guard: () => state.current.addressGuard,
      wheel,
      health,
      pricing: { costOf, costFields, judgeUsage },
      accounts,
      budgets,
      hedges,
      drains: new Drains(),
      counters: countersOf(services),
      nowMs,
      random: Math.random,
      onFault: (error, generationId) => {
        log.logger.error({ err: error, id: generationId }, 'fault while serving a request');
      },
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.transport.close();
  }
}

function countersOf({ metrics }: ProcessServices): DispatchCounters {
  return {
    retryBudgetExhausted: (budget) => {
      metrics.add('switchyard_retry_budget_exhausted_total', { budget });
    },
    hedged: (result) => {
      metrics.add('switchyard_hedges_total', { result });
    },
    abandoned: (nanoUsd) => {
      metrics.add('switchyard_hedge_cost_usd_total', {}, nanoUsd);
    },
  };
}
