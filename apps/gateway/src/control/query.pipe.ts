import type { PipeTransform } from '@nestjs/common';
import { GatewayError } from '@switchyard/contract';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';

/**
 * Checks the query of a URL against a class of optional strings. Unknown parameters are dropped, as the APIs that
 * clients know do; a malformed one is refused by name.
 */
export class QueryPipe<T extends object> implements PipeTransform<unknown, T> {
  constructor(private readonly form: new () => T) {}

  transform(query: unknown): T {
    const instance = plainToInstance(this.form, { ...(query as object) });
    const [fault] = validateSync(instance, { whitelist: true });
    if (fault === undefined) return instance;
    const [expected = 'a valid value'] = Object.values(fault.constraints ?? {});
    throw new GatewayError('invalid_request', `${fault.property} must be ${expected}.`, { param: fault.property });
  }
}
