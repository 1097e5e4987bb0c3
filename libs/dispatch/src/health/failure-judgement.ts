import type { FailureClass } from '@switchyard/contract';

/**
 * What a failure says of the endpoint: `endpoint`: out of order; `credential`: refused, which is downtime to whoever asks
 * but no fault of the endpoint; `nothing`: faults of the request, rate limits, departed clients.
 */
export type Blame = 'endpoint' | 'credential' | 'nothing';

export function blameFor(failure: FailureClass): Blame {
  switch (failure) {
    case 'connect':
    case 'timeout':
    case 'server':
    case 'overloaded':
    case 'not_found':
    case 'invalid_answer':
    case 'truncated':
      return 'endpoint';
    case 'auth':
    case 'billing':
      return 'credential';
    default:
      return 'nothing';
  }
}
