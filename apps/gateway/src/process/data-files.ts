import { join } from 'node:path';

/** The journals of all processes of a data directory. */
export function journalRoot(dataDir: string): string {
  return join(dataDir, 'journal');
}

/** The embedded ledger of a data directory. */
export function ledgerFile(dataDir: string): string {
  return join(dataDir, 'ledger.sqlite');
}

/** What the database last said of callers. */
export function identityFile(dataDir: string): string {
  return join(dataDir, 'identity.json');
}
