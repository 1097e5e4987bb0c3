import { failureReason } from './failure-reason.js';

const secret = 'postgres://user:sk-canary@host';

describe('what is told of an error', () => {
  it.each([
    ['a code', Object.assign(new Error(secret), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    ["Redis' code", Object.assign(new Error(`OOM command not allowed ${secret}`), { name: 'ReplyError' }), 'OOM'],
    ['its name', new TypeError(secret), 'TypeError'],
    ['its name where the code is a number', Object.assign(new Error(secret), { code: 23 }), 'Error'],
    ['nothing of what is no error', secret, 'unknown'],
    ['nothing of nothing', null, 'unknown'],
    ['nothing of an object without a name', { secret }, 'unknown'],
  ])('is %s, never the message', (_what, error, reason) => {
    expect(failureReason(error)).toBe(reason);
  });
});
