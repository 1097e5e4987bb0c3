import { Injectable } from '@nestjs/common';
import { Gate } from '../edge/gate.js';
import { Idempotency } from './idempotency/idempotency.js';
import { Reserver } from './reserver.js';
import { RunningRequests } from './running-requests.js';
import { Settlement } from './settlement.js';

/** What a request passes on its way that has a state of its own. */
@Injectable()
export class Stops {
  constructor(
    readonly gate: Gate,
    readonly idempotency: Idempotency,
    readonly reserver: Reserver,
    readonly running: RunningRequests,
    readonly settlement: Settlement,
  ) {}
}
