import { Controller, Get, Inject, UseGuards } from '@nestjs/common';
import type { JsonObject } from '@switchyard/contract';
import { Admitted } from './admission.js';
import type { Admission } from './admission.js';
import { keyInfo } from './key-info.js';
import { KeyGuard } from './key.guard.js';
import { LEDGER_READER } from './ledger-reader.js';
import type { LedgerReader } from './ledger-reader.js';

/** The caller's own key: its limits, and what was spent with it. */
@Controller('v1/key')
@UseGuards(KeyGuard)
export class KeyInfoController {
  constructor(@Inject(LEDGER_READER) private readonly ledger: LedgerReader) {}

  @Get()
  async show(@Admitted() { caller, loaded }: Admission): Promise<JsonObject> {
    const key = loaded.callers.keys.find(({ keyId }) => keyId === caller.keyId);
    const tenant = loaded.callers.tenants.get(caller.tenantId);
    const [keySpend, tenantSpend] = await this.ledger.spend([
      { level: 'key', id: caller.keyId, tenant: caller.tenantId },
      { level: 'tenant', id: caller.tenantId },
    ]);
    if (key === undefined || tenant === undefined || keySpend === undefined || tenantSpend === undefined) {
      throw new Error('A key that was let in is not among the keys, or the ledger left it out.');
    }
    const { mode } = loaded.config.limits;
    return { data: keyInfo({ key, tenant, keySpend, tenantSpend, mode }) };
  }
}
