import { USAGE_FIELDS } from '@switchyard/contract';
import type { Protocol, Usage } from '@switchyard/contract';
import type { Outcome } from '@switchyard/dispatch';
import type { Decision } from '@switchyard/limits';
import type { RecordStatus } from '@switchyard/metering';
import type { Metrics } from '@switchyard/telemetry';

/** A request was recorded. */
export function countRequest(
  metrics: Metrics,
  protocol: Protocol,
  status: RecordStatus,
  usage: Usage,
  costNanoUsd: number,
): void {
  metrics.add('switchyard_requests_total', { protocol, status });
  for (const [count, kind] of USAGE_FIELDS) {
    // Searches are calls, not tokens.
    if (kind !== 'web_searches' && usage[count] > 0) metrics.add('switchyard_tokens_total', { kind }, usage[count]);
  }
  if (costNanoUsd > 0) metrics.add('switchyard_cost_usd_total', {}, costNanoUsd);
}

/** The attempts of a request that was recorded. */
export function countAttempts(metrics: Metrics, attempts: Outcome['attempts']): void {
  for (const { errorClass } of attempts)
    metrics.add('switchyard_upstream_attempts_total', { result: errorClass ?? 'served' });
}

/** A decision of the limits: the dimension that refused, or one that would have, or none because everything fits. */
export function countDecision(metrics: Metrics, decision: Decision): void {
  for (const { dimension } of decision.shadowed) {
    metrics.add('switchyard_ratelimit_decisions_total', { dimension, decision: 'shadow' });
  }
  if (decision.granted) {
    metrics.add('switchyard_ratelimit_decisions_total', { dimension: 'none', decision: 'allow' });
    return;
  }
  const dimension = decision.refusal.limit?.dimension ?? 'none';
  metrics.add('switchyard_ratelimit_decisions_total', { dimension, decision: 'deny' });
}
