import type { UsageRecord } from '@switchyard/metering';

/** Who money is spent for. */
export interface SpendOwner {
  readonly level: 'tenant' | 'key';
  readonly id: string;
}

/** What an owner's recorded requests cost: integer nano-USD of the present UTC day and month, and altogether. */
export interface OwnerSpend extends SpendOwner {
  readonly dayNanoUsd: number;
  readonly monthNanoUsd: number;
  readonly totalNanoUsd: number;
}

/**
 * The ledger as callers may read it. The data port's processes have no database: they ask the process that has. Rejects
 * with `GatewayError(temporarily_unavailable)` while the database is away.
 */
export interface LedgerReader {
  /** `id`: 32 lower-case hexadecimal digits. `null` = no such record, or not yet. */
  find(id: string): Promise<UsageRecord | null>;
  /** One answer per owner, in their order. */
  spend(owners: readonly SpendOwner[]): Promise<readonly OwnerSpend[]>;
}

/** Injection token of the `LedgerReader`. */
export const LEDGER_READER = Symbol('LedgerReader');
