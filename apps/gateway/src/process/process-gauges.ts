import type { ProcessServices } from './process-services.js';

/** Brings the gauges of a process that serves requests up to date. */
export function gaugeProcess({ limits, disk, metrics }: ProcessServices): void {
  const { breaker, mode } = limits.status;
  for (const state of ['closed', 'half_open', 'open'] as const) {
    metrics.set('switchyard_redis_breaker_state', { state }, mode !== 'local' && breaker === state ? 1 : 0);
  }
  metrics.set('switchyard_limits_degraded', {}, mode === 'degraded' ? 1 : 0);
  if (Number.isFinite(disk.freeBytes)) metrics.set('switchyard_journal_free_bytes', {}, disk.freeBytes);
}
