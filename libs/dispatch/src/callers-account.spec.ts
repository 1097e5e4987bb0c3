import type { Credential, PlannedAttempt, Provider, UpstreamFailure } from '@switchyard/contract';
import { dialectOf } from '@switchyard/dialects';
import { attempts, endpoint, provider } from '../../../test/testing/plan-fixture.js';
import { accountScope, asCallersFault, poolKeyOf, signInHeaders } from './callers-account.js';
import { ANSWER } from './testing/sse.js';
import { stage } from './testing/stage.js';

const OPERATORS = provider('one');
const CALLERS: Provider = { ...OPERATORS, callers: { scope: 'abc', name: 'One', ownHost: false } };
const CREDENTIAL: Credential = { id: 'main', apiKey: 'secret-0123456789', weight: 1 };

describe('an account of a caller', () => {
  it('is kept apart from the operator’s, its connections too', () => {
    expect(accountScope(OPERATORS)).toBe('one');
    expect(accountScope(CALLERS)).toBe('abc');
    expect(poolKeyOf(CALLERS, CREDENTIAL)).not.toBe(poolKeyOf(OPERATORS, CREDENTIAL));
  });

  it.each([
    ['auth', 401, 'refused it'],
    ['billing', 402, 'payment'],
  ] as const)('that is refused (%s) is a fault of the request, named as the caller wrote it', (kind, status, words) => {
    const failure: UpstreamFailure = { class: kind, status, message: 'no' };
    const told = asCallersFault(failure, CALLERS);
    expect(told).toMatchObject({ class: 'endpoint_specific', status, param: 'provider_configs.One.api_key' });
    expect(told.message).toContain(words);
    expect(asCallersFault(failure, OPERATORS)).toBe(failure);
  });

  it('shares every other failure with the operator’s', () => {
    const failure: UpstreamFailure = { class: 'server', status: 500, message: 'no' };
    expect(asCallersFault(failure, CALLERS)).toBe(failure);
  });
});

describe('signing in', () => {
  it('is the way of the dialect, unless the credential has one of its own', () => {
    const own = { ...CREDENTIAL, signIn: { 'x-my-key': CREDENTIAL.apiKey } };
    const messages = dialectOf('anthropic-messages');
    const usual = signInHeaders(messages, CREDENTIAL);
    expect(usual).toMatchObject({ 'x-api-key': CREDENTIAL.apiKey });
    expect(signInHeaders(messages, own)).toEqual({
      'anthropic-version': usual['anthropic-version'],
      'x-my-key': CREDENTIAL.apiKey,
    });
    expect(signInHeaders(dialectOf('openai-chat'), own)).toEqual(own.signIn);
    expect(signInHeaders(messages, { ...own, apiKey: '' })).toEqual({});
  });
});

describe('a request that a caller’s own account may serve', () => {
  const through = (ownHost: boolean): PlannedAttempt[] =>
    attempts('a/m@one').map((attempt) => ({
      ...attempt,
      endpoint: endpoint('a/m', { ...CALLERS, callers: { scope: 'abc', name: 'One', ownHost } }),
    }));

  it('costs its tenant nothing, and says what the account was charged', () => {
    const { dispatch, calls, outcomes } = stage(through(false));
    dispatch.start();
    calls[0]?.json(200, ANSWER);
    expect(outcomes[0]).toMatchObject({ cost: { nanoUsd: 0 }, byokCost: { nanoUsd: 7 } });
  });

  it.each([true, false])('is guarded exactly when the host is the caller’s too: %s', (ownHost) => {
    const { dispatch, calls } = stage(through(ownHost));
    dispatch.start();
    expect(calls[0]?.request.guard !== null).toBe(ownHost);
    expect(calls[0]?.request.isPassing).toBe(true);
  });

  it('is told that the account was refused, unless another endpoint serves', () => {
    const alone = stage(through(false));
    alone.dispatch.start();
    alone.calls[0]?.json(401, {});
    expect(alone.errors[0]).toMatchObject({
      code: 'invalid_request',
      details: { param: 'provider_configs.One.api_key' },
    });

    const { dispatch, calls, outcomes } = stage([...through(false), ...attempts('a/m@two')]);
    dispatch.start();
    calls[0]?.json(401, {});
    calls[1]?.json(200, ANSWER);
    expect(outcomes[0]).toMatchObject({ status: 'completed', cost: { nanoUsd: 7 }, byokCost: null });
  });
});
