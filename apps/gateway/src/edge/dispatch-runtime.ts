import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { HealthTracker } from '@switchyard/dispatch';
import type { DispatchTools } from '@switchyard/dispatch';
import { costFields, costOf, judgeUsage } from '@switchyard/metering';
import { TimerWheel, Transport } from '@switchyard/transport';
import { ProviderAccounts } from '../stops/provider-accounts.js';
import { ProcessLog } from '../process/process-log.js';

/** What all dispatches of this process share: connections, timers, health. */
@Injectable()
export class DispatchRuntime implements OnApplicationShutdown {
  readonly tools: DispatchTools;
  private readonly transport: Transport;

  constructor(health: HealthTracker, accounts: ProviderAccounts, log: ProcessLog) {
    const onFault = (error: unknown): void => {
      log.logger.error({ err: error }, 'fault while reading an upstream');
    };
    const wheel = new TimerWheel({ onFault });
    this.transport = new Transport({ wheel, onFault });
    this.tools = {
      transport: this.transport,
      wheel,
      health,
      pricing: { costOf, costFields, judgeUsage },
      accounts,
      nowMs: () => performance.now(),
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
