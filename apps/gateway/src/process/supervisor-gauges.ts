import type { Metrics } from '@switchyard/telemetry';
import type { BookFigures } from './bookkeeping.js';

/** Counters of the shipper that were told already. */
export interface ToldInserts {
  inserted: number;
  duplicates: number;
}

/** Brings the gauges of journals and ledger up to date. */
export function gaugeBooks(metrics: Metrics, figures: BookFigures, told: ToldInserts): void {
  const { shipping, deadRecords, rollupDriftRows, budgetDriftNanoUsd } = figures;
  metrics.add('switchyard_ledger_inserts_total', { result: 'inserted' }, figures.shipping.inserted - told.inserted);
  metrics.add(
    'switchyard_ledger_inserts_total',
    { result: 'duplicate' },
    figures.shipping.duplicates - told.duplicates,
  );
  told.inserted = figures.shipping.inserted;
  told.duplicates = figures.shipping.duplicates;
  metrics.set('switchyard_ledger_pending_records', {}, shipping.pending);
  metrics.set('switchyard_ledger_oldest_pending_seconds', {}, shipping.oldestPendingMs / 1_000);
  metrics.set('switchyard_journal_bytes', {}, shipping.journalBytes);
  if (budgetDriftNanoUsd !== null) metrics.set('switchyard_budget_drift_usd', {}, budgetDriftNanoUsd);
  if (deadRecords === null || rollupDriftRows === null) return;
  metrics.set('switchyard_ledger_dead_records', {}, deadRecords);
  metrics.set('switchyard_ledger_unreconciled', {}, deadRecords + rollupDriftRows + shipping.damaged);
}
