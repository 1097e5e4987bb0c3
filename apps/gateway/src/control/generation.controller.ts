import { Controller, Get, Inject, Query, UseGuards } from '@nestjs/common';
import { GatewayError } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import { Matches } from 'class-validator';
import { Admitted } from './admission.js';
import type { Admission } from './admission.js';
import { recordJson } from './generation-record.js';
import { KeyGuard } from './key.guard.js';
import { LEDGER_READER } from './ledger-reader.js';
import type { LedgerReader } from './ledger-reader.js';
import { QueryPipe } from './query.pipe.js';

const DIGITS = 32;

export class GenerationQuery {
  /** All ids that Switchyard gives an answer have the same digits: its request's, its generation's and, when it was translated, its message's. */
  @Matches(/^(?:req_|gen_|msg_|chatcmpl-)?[0-9a-f]{32}$/, {
    message: 'the id of an answer: gen_ or req_ and 32 hexadecimal digits',
  })
  id!: string;
}

/** What a request used and cost, for the tenant that made it. */
@Controller('v1/generation')
@UseGuards(KeyGuard)
export class GenerationController {
  constructor(@Inject(LEDGER_READER) private readonly ledger: LedgerReader) {}

  @Get()
  async find(
    @Admitted() { caller }: Admission,
    @Query(new QueryPipe(GenerationQuery)) { id }: GenerationQuery,
  ): Promise<JsonObject> {
    const record = await this.ledger.find(id.slice(-DIGITS), caller.tenantId);
    // One text for what does not exist and what is another's: nobody learns whose ids there are.
    if (record?.tenant !== caller.tenantId) throw new GatewayError('not_found', 'No generation has this id.');
    return { data: recordJson(record) };
  }
}
