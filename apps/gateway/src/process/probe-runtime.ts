import { probe } from '@switchyard/dispatch';
import { TimerWheel, Transport } from '@switchyard/transport';
import type { Metrics } from '@switchyard/telemetry';
import type { Probing } from '../../../worker/src/index.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { HealthHub } from './health-hub.js';
import type { ProcessLog } from './process-log.js';

export interface ProbeRuntimeOptions {
  readonly hub: HealthHub;
  /** In force at the moment. */
  readonly config: () => Pick<GatewayConfig, 'health' | 'catalog' | 'simulated'>;
  readonly metrics: Metrics;
  readonly log: ProcessLog;
}

/** Connections of their own for requests of the gateway itself, and what these find, for the health of all. */
export class ProbeRuntime {
  readonly probing: Probing;
  private readonly transport: Transport;

  constructor({ hub, config, metrics, log }: ProbeRuntimeOptions) {
    const onFault = (error: unknown): void => {
      log.logger.error({ err: error }, 'fault while probing an upstream');
    };
    const wheel = new TimerWheel({ onFault });
    const transport = new Transport({ wheel, onFault });
    const tools = { transport, wheel, now: Date.now };
    this.transport = transport;
    this.probing = {
      get settings() {
        return config().health.probes;
      },
      get models() {
        const { catalog, simulated } = config();
        // What answers in the place of the providers is always well.
        return simulated ? [] : catalog.models;
      },
      health: hub.tracker,
      nowMs: () => performance.now(),
      sinceMs: performance.now(),
      probe: (ask) => probe(ask, tools),
      claim: (name, forMs) => hub.claim(name, forMs),
      onResult: (mode, result) => {
        metrics.add('switchyard_probes_total', { mode, result });
      },
    };
  }

  close(): Promise<void> {
    return this.transport.close();
  }
}
