import type { Spend, SpendOwner, UsageRecord } from '@switchyard/metering';

export type { SpendOwner, Spend as OwnerSpend } from '@switchyard/metering';

/**
 * The ledger as callers may read it. The data port's processes have no database: they ask the process that has. Rejects
 * with `GatewayError(temporarily_unavailable)` while the database is away.
 */
export interface LedgerReader {
  /** `id`: 32 lower-case hexadecimal digits. `null` = the tenant has no such record, or not yet. */
  find(id: string, tenant: string): Promise<UsageRecord | null>;
  /** One answer per owner, in their order. */
  spend(owners: readonly SpendOwner[]): Promise<readonly Spend[]>;
}

/** Injection token of the `LedgerReader`. */
export const LEDGER_READER = Symbol('LedgerReader');
