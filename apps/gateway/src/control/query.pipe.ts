import type { PipeTransform } from '@nestjs/common';
import { GatewayError } from '@switchyard/contract';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';

/** The check by which class-validator refuses what a class does not have. */
const WHITELIST = 'whitelistValidation';

/**
 * Checks the query of a URL against a class of optional strings; a malformed parameter is refused by name. Unknown ones
 * are dropped, as the APIs that clients know do, or refused where a misspelt filter would let too much through.
 */
export class QueryPipe<T extends object> implements PipeTransform<unknown, T> {
  constructor(
    private readonly form: new () => T,
    private readonly unknown: 'dropped' | 'refused' = 'dropped',
  ) {}

  transform(query: unknown): T {
    const instance = plainToInstance(this.form, { ...(query as object) });
    const [fault] = validateSync(instance, { whitelist: true, forbidNonWhitelisted: this.unknown === 'refused' });
    if (fault === undefined) return instance;
    if (fault.constraints !== undefined && WHITELIST in fault.constraints) {
      throw new GatewayError('invalid_request', 'Unknown query parameter.', { param: fault.property.slice(0, 64) });
    }
    const [expected = 'a valid value'] = Object.values(fault.constraints ?? {});
    throw new GatewayError('invalid_request', `${fault.property} must be ${expected}.`, { param: fault.property });
  }
}
