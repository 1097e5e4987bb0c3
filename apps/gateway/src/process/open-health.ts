import { HealthTracker } from '@switchyard/dispatch';
import type { HealthEvent } from '@switchyard/dispatch';
import type { Logger, Metrics } from '@switchyard/telemetry';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { ProcessLog } from './process-log.js';

/** Endpoint health of one process. What it decides goes into the log and into `metrics`. */
export function openHealth(
  { health, catalog }: Pick<GatewayConfig, 'health' | 'catalog'>,
  log: ProcessLog,
  metrics: Metrics,
): HealthTracker {
  return new HealthTracker(
    {
      nowMs: () => performance.now(),
      random: Math.random,
      onEvent: (event) => {
        count(metrics, event);
        report(log.logger, event);
      },
    },
    health,
    catalog,
  );
}

function count(metrics: Metrics, event: HealthEvent): void {
  if (event.type === 'ejected') metrics.add('switchyard_endpoint_ejections_total', { cause: event.cause });
  if (event.type === 'credential_refused') {
    metrics.add('switchyard_credentials_refused_total', { reason: event.reason });
  }
}

function report(logger: Logger, event: HealthEvent): void {
  switch (event.type) {
    case 'ejected': {
      const { endpoint, cause, times, forMs } = event;
      logger.warn(
        { model: endpoint.modelId, endpoint: endpoint.tag, cause, times, for_ms: Math.round(forMs) },
        'an endpoint is left out for a while',
      );
      return;
    }
    case 'recovered':
      logger.info({ model: event.endpoint.modelId, endpoint: event.endpoint.tag }, 'an endpoint is back');
      return;
    case 'credential_refused':
      if (!event.isNews) return;
      logger.error(
        { provider: event.provider.id, credential: event.credentialId, reason: event.reason },
        'a provider refused a credential of this gateway',
      );
  }
}
