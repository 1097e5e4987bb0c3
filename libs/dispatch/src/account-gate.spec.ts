import { GatewayError, ZERO_USAGE } from '@switchyard/contract';
import type { Usage } from '@switchyard/contract';
import type { AccountAsk, AccountGate, AccountRefusal } from './account-gate.js';
import { attempts, provider } from '../../../test/testing/plan-fixture.js';
import { stage } from './testing/stage.js';

const LIMITS = { requestsPerMinute: 10, inputTokensPerMinute: null, outputTokensPerMinute: null, concurrency: 2 };
const ANSWER = {
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'up',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
};

/** A gate that answers when the test says so. */
class HeldGate implements AccountGate {
  readonly asks: AccountAsk[] = [];
  readonly left: (readonly [string, Usage | null])[] = [];
  private readonly answers: ((refusal: AccountRefusal | null) => void)[] = [];

  admit(ask: AccountAsk, answer: (refusal: AccountRefusal | null) => void): void {
    this.asks.push(ask);
    this.answers.push(answer);
  }
  leave(ask: AccountAsk, usage: Usage | null): void {
    this.left.push([`${ask.providerId}/${ask.credentialId}`, usage]);
  }
  answer(refusal: AccountRefusal | null): void {
    this.answers.shift()?.(refusal);
  }
}

const limited = (id: string, ...credentials: string[]) =>
  provider(id, { credentials: credentials.map((name) => ({ id: name, apiKey: name, weight: 1, limits: LIMITS })) });

function planned(...hosts: ReturnType<typeof provider>[]) {
  return attempts(...hosts.map((host) => `a/m@${host.id}`)).map((attempt, index) => ({
    ...attempt,
    endpoint: { ...attempt.endpoint, provider: hosts[index] ?? attempt.endpoint.provider },
  }));
}

describe('a provider account with limits', () => {
  it('is asked for room before anything is sent, and told what was used', () => {
    const gate = new HeldGate();
    const { dispatch, calls } = stage(planned(limited('one', 'main')), {}, gate);
    dispatch.start();
    expect(calls).toHaveLength(0);
    expect(gate.asks).toMatchObject([{ providerId: 'one', credentialId: 'main', inputTokens: 10, outputTokens: 64 }]);
    gate.answer(null);
    calls[0]?.json(200, ANSWER);
    expect(gate.left).toEqual([['one/main', { ...ZERO_USAGE, uncachedInput: 5, output: 2 }]]);
  });

  it('is passed over when it is full: first for another account, then for another endpoint', () => {
    const gate = new HeldGate();
    const { dispatch, calls, client } = stage(planned(limited('one', 'main', 'spare'), provider('two')), {}, gate);
    dispatch.start();
    gate.answer({ retryAfterS: 3 });
    gate.answer({ retryAfterS: 3 });
    expect(gate.asks.map((ask) => ask.credentialId)).toEqual(['main', 'spare']);
    calls[0]?.json(200, ANSWER);
    expect(client.headers).toMatchObject({ 'x-switchyard-provider': 'two', 'x-switchyard-attempts': '1' });
  });

  it('fails the caller with 429 and the shortest wait only when every account is full', () => {
    const gate = new HeldGate();
    const { dispatch, calls, errors } = stage(planned(limited('one', 'main'), limited('two', 'main')), {}, gate);
    dispatch.start();
    gate.answer({ retryAfterS: 30 });
    gate.answer({ retryAfterS: 4 });
    expect(calls).toHaveLength(0);
    expect(errors).toMatchObject([{ code: 'rate_limited', details: { retryAfterS: 4 } }]);
  });

  it('gets its room back when the client left while room was asked for, and nothing is sent', () => {
    const gate = new HeldGate();
    const { dispatch, calls, outcomes } = stage(planned(limited('one', 'main')), {}, gate);
    dispatch.start();
    dispatch.clientGone();
    gate.answer(null);
    expect(calls).toHaveLength(0);
    expect(gate.left).toEqual([['one/main', null]]);
    expect(outcomes).toMatchObject([{ status: 'client_cancelled', cost: { nanoUsd: 0 }, usageSource: 'none' }]);
  });

  it('gets its room back before the next endpoint is tried', () => {
    const gate = new HeldGate();
    const { dispatch, calls } = stage(planned(limited('one', 'main'), provider('two')), {}, gate);
    dispatch.start();
    gate.answer(null);
    calls[0]?.json(500, {});
    expect(gate.left).toEqual([['one/main', null]]);
    expect(calls).toHaveLength(2);
  });
});

describe('the end of a request', () => {
  it('holds the last byte back until the outcome is on record', () => {
    const waiting: (() => void)[] = [];
    const onSettled = (_outcome: unknown, sendLast: () => void): void => {
      waiting.push(sendLast);
    };
    const { dispatch, calls, client } = stage(attempts('a/m@one'), { onSettled });
    dispatch.start();
    calls[0]?.json(200, ANSWER);
    expect(client.log).toEqual([]);
    waiting[0]?.();
    expect(client.log).toEqual(['send 200']);
  });

  it('can be brought about by Switchyard: upstream closed, the caller told why', () => {
    const { dispatch, calls, errors, outcomes } = stage(attempts('a/m@one'));
    dispatch.start();
    dispatch.cut(new GatewayError('permission', 'The API key was revoked.'));
    expect(calls[0]?.aborted).toBe(true);
    expect(errors).toMatchObject([{ code: 'permission' }]);
    expect(outcomes).toMatchObject([{ status: 'rejected' }]);
  });

  it('can be foretold at any time: what was delivered so far is counted, and the mark tells when that grew', () => {
    const { dispatch, calls } = stage(attempts('a/m@one'), { stream: true });
    dispatch.start();
    const before = dispatch.mark;
    const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'up' };
    const delta = { ...chunk, choices: [{ index: 0, delta: { content: 'Hello' }, finish_reason: null }] };
    calls[0]?.stream().data(`data: ${JSON.stringify(delta)}\n\n`);
    expect(dispatch.mark).toBeGreaterThan(before);
    expect(dispatch.soFar()).toMatchObject({ usageSource: 'estimated', usage: { output: 5 } });
    expect(dispatch.mark).toBe(dispatch.mark);
  });
});
