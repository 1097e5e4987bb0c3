import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { GatewayError } from '@switchyard/contract';
import { FailureThrottle } from '@switchyard/identity';
import type { KeyHeaders } from '@switchyard/identity';
import { PROCESS_SERVICES } from '../process/process-services.js';
import type { ProcessServices } from '../process/process-services.js';

/** What is done with requests that no valid key let in, on every route of the data port. */
@Injectable()
export class AuthFailures implements OnApplicationShutdown {
  constructor(
    private readonly throttle: FailureThrottle,
    @Inject(PROCESS_SERVICES) private readonly services: Pick<ProcessServices, 'metrics'>,
  ) {}

  /** The error to answer with: an address that failed too often is told to wait. Any other error is answered as it is. */
  async answerTo(error: unknown, headers: KeyHeaders, address: string | undefined): Promise<unknown> {
    if (!(error instanceof GatewayError)) return error;
    const answer = await this.throttle.answerTo(error, address);
    const reason = reasonOf(answer, headers);
    if (reason !== null) this.services.metrics.add('switchyard_auth_failures_total', { reason });
    return answer;
  }

  onApplicationShutdown(): void {
    this.throttle.close();
  }
}

function reasonOf(
  { code }: GatewayError,
  { authorization, apiKey }: KeyHeaders,
): 'missing' | 'invalid' | 'throttled' | 'unavailable' | null {
  switch (code) {
    case 'authentication':
      return authorization === undefined && apiKey === undefined ? 'missing' : 'invalid';
    case 'rate_limited':
      return 'throttled';
    case 'temporarily_unavailable':
      return 'unavailable';
    default:
      return null;
  }
}
