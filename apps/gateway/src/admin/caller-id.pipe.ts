import type { PipeTransform } from '@nestjs/common';
import { GatewayError } from '@switchyard/contract';
import { CALLER_ID } from '../config/caller-sections.js';

/** The id in a path. What cannot be one names nobody, and is not looked for: it may be anything, a pasted secret too. */
export class CallerIdPipe implements PipeTransform<string, string> {
  transform(id: string): string {
    if (CALLER_ID.test(id)) return id;
    throw new GatewayError('not_found', 'Nothing has this id.');
  }
}
