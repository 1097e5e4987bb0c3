import type { Metrics } from '@switchyard/telemetry';
import type { BookFigures } from './bookkeeping.js';

/** Brings the gauges of journals and ledger up to date. */
export function gaugeBooks(metrics: Metrics, { shipping, deadRecords }: BookFigures): void {
  metrics.set('switchyard_ledger_pending_records', {}, shipping.pending);
  metrics.set('switchyard_ledger_oldest_pending_seconds', {}, shipping.oldestPendingMs / 1_000);
  metrics.set('switchyard_journal_bytes', {}, shipping.journalBytes);
  if (deadRecords !== null) metrics.set('switchyard_ledger_dead_records', {}, deadRecords);
}
