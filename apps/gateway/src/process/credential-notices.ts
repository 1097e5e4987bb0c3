import type { Loaded } from '../control/runtime-state.js';
import type { ProcessLog } from './process-log.js';

/** Tells of stored credentials that no request is sent with: of each once, and again when it was used in between. */
export class CredentialNotices {
  private told: ReadonlySet<string> = new Set();

  constructor(private readonly log: ProcessLog) {}

  tell({ unusableCredentials }: Pick<Loaded, 'unusableCredentials'>): void {
    const found = new Set<string>();
    for (const fault of unusableCredentials) {
      const text = JSON.stringify(fault);
      found.add(text);
      if (!this.told.has(text)) this.log.logger.error(fault, 'a stored credential is not used');
    }
    this.told = found;
  }
}
