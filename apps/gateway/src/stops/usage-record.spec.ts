import { ZERO_USAGE } from '@switchyard/contract';
import type { PlannedAttempt } from '@switchyard/contract';
import type { Outcome } from '@switchyard/dispatch';
import type { Caller } from '@switchyard/identity';
import { attempts, planOf } from '../../../../test/testing/plan-fixture.js';
import { checkpointOf, recordAtEnd, recordAtStart, recordUnstarted } from './usage-record.js';

const CALLER: Caller = {
  keyId: 'k',
  tenantId: 't',
  label: 'k',
  permissions: new Set(),
  keyPolicy: null,
  tenantPolicy: null,
  compat: new Set(),
};
const [FIRST, SECOND] = attempts('acme/m@first', 'acme/m@second') as [PlannedAttempt, PlannedAttempt];
const START = recordAtStart({
  id: 'a'.repeat(32),
  createdAtMs: 1_000,
  caller: CALLER,
  protocol: 'chat',
  plan: { ...planOf([FIRST, SECOND], { promptTokensEstimate: 100, images: 1 }), catalogVersion: 'v1' },
});

function outcome(fields: Partial<Outcome>): Outcome {
  return {
    status: 'completed',
    attempts: [],
    served: null,
    lastTried: null,
    stopReason: null,
    usage: ZERO_USAGE,
    usageSource: 'none',
    byokCost: null,
    usageSuspect: [],
    cost: { nanoUsd: 0, inputNanoUsd: 0, outputNanoUsd: 0, incomplete: false },
    latencyMs: 12.345,
    firstTokenMs: null,
    streamed: false,
    dropped: [],
    upstreamId: '',
    error: null,
    ...fields,
  };
}

describe('the record of a request', () => {
  it('is, before it starts, what it would be should it never end: the prompt charged at who comes first', () => {
    expect(START).toMatchObject({
      status: 'orphaned',
      tenant: 't',
      keyId: 'k',
      model: 'acme/m',
      provider: 'first',
      usage: { uncachedInput: 100, output: 0 },
      usageSource: 'estimated',
      costNanoUsd: 100 * 1_000,
      priceVersion: 'v1',
    });
  });

  it('names, at its end, who served it, and what that used and cost', () => {
    const usage = { ...ZERO_USAGE, uncachedInput: 7, output: 3 };
    const cost = { nanoUsd: 13_000, inputNanoUsd: 7_000, outputNanoUsd: 6_000, incomplete: false };
    const ended = outcome({ served: SECOND, lastTried: SECOND, usage, cost, usageSource: 'upstream', firstTokenMs: 1 });
    expect(recordAtEnd(START, ended)).toMatchObject({
      id: START.id,
      createdAtMs: 1_000,
      status: 'completed',
      endpoint: 'second',
      usage,
      costNanoUsd: 13_000,
      costInputNanoUsd: 7_000,
      latencyMs: 12.3,
      firstTokenMs: 1,
    });
  });

  it('names the last one tried when nobody served it, and charges nothing', () => {
    expect(recordAtEnd(START, outcome({ status: 'upstream_error', lastTried: SECOND }))).toMatchObject({
      endpoint: 'second',
      costNanoUsd: 0,
      usageSource: 'none',
    });
    expect(recordAtEnd(START, outcome({ status: 'upstream_error' }))).toMatchObject({
      provider: null,
      model: 'acme/m',
    });
  });

  it('keeps the estimate of the prompt at a checkpoint until something was delivered', () => {
    expect(checkpointOf(START, outcome({ status: 'truncated', lastTried: SECOND }))).toMatchObject({
      endpoint: 'second',
      usage: START.usage,
      costNanoUsd: START.costNanoUsd,
    });
    const usage = { ...ZERO_USAGE, uncachedInput: 100, output: 9 };
    const cost = { nanoUsd: 5, inputNanoUsd: 2, outputNanoUsd: 3, incomplete: false };
    expect(checkpointOf(START, outcome({ served: FIRST, lastTried: FIRST, usage, cost }))).toMatchObject({
      usage,
      costNanoUsd: 5,
    });
  });

  it('is free when its caller left before anything was sent', () => {
    expect(recordUnstarted(START)).toMatchObject({ status: 'client_cancelled', costNanoUsd: 0, usage: ZERO_USAGE });
  });
});
