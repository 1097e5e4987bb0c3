import { Injectable } from '@nestjs/common';
import { Overload } from '../overload/overload.js';
import { AuthFailures } from './auth-failures.js';
import { Strangers } from './strangers.js';

/** What stands between a request and being worked on, on every route of the data port that needs a key. */
@Injectable()
export class Gate {
  constructor(
    readonly failures: AuthFailures,
    readonly strangers: Strangers,
    readonly overload: Overload,
  ) {}
}
