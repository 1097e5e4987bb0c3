import { Injectable } from '@nestjs/common';

export type ReadinessState = 'starting' | 'ready' | 'draining';

/** Whether this process wants traffic. Load balancers ask; whoever starts and stops the process decides. */
@Injectable()
export class Readiness {
  state: ReadinessState = 'ready';
}
