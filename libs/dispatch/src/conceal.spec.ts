import fc from 'fast-check';
import { dialectOf } from '@switchyard/dialects';
import { conceal, concealIn } from './conceal.js';

const repeated = (text: string): string =>
  dialectOf('openai-chat').readError(413, JSON.stringify({ error: { message: text } }), {}).message;
const SECRET = 'Zk93-canary_0123456789-abcdef/XYZ';

describe('the credential in an upstream wording', () => {
  it.each([
    ['whole', `bad key ${SECRET}.`, 'bad key [secret].'],
    ['twice', `${SECRET} is not ${SECRET}`, '[secret] is not [secret]'],
    ['cut off at its end', `bad key ${SECRET.slice(0, 20)}…`, 'bad key [secret]…'],
    ['cut off at its beginning', `…${SECRET.slice(-14)} is bad`, '…[secret] is bad'],
  ])('is concealed: %s', (_, text, expected) => {
    expect(conceal(text, SECRET)).toBe(expected);
  });

  it('leaves a text alone that has no telling stretch of it, and a credential that is none', () => {
    expect(conceal('the canary says 0123', SECRET)).toBe('the canary says 0123');
    expect(conceal('EMPTY is not a model', 'EMPTY')).toBe('EMPTY is not a model');
    expect(conceal('anything', '')).toBe('anything');
  });

  it('is concealed in the message and in the name of the field', () => {
    const failure = { class: 'invalid_request', status: 400, message: `no ${SECRET}`, param: SECRET } as const;
    expect(concealIn(failure, ['', SECRET])).toEqual({ ...failure, message: 'no [secret]', param: '[secret]' });
    expect(concealIn({ class: 'server', status: 500, message: 'x' }, [SECRET])).not.toHaveProperty('param');
  });

  it('never survives, at any place of any text, cut anywhere', () => {
    const secrets = fc.stringMatching(/^[A-Za-z0-9_./-]{8,60}$/);
    const around = fc.string({ maxLength: 600 });
    fc.assert(
      fc.property(secrets, around, around, fc.nat({ max: 1_200 }), (secret, before, after, cut) => {
        const text = `${before}${secret}${after}`.slice(0, cut);
        const length = Math.min(12, secret.length);
        const stretches = Array.from({ length: secret.length - length + 1 }, (_, at) => secret.slice(at, at + length));
        return [conceal(text, secret), conceal(repeated(text), secret)].every((safe) =>
          stretches.every((stretch) => !safe.includes(stretch)),
        );
      }),
      { numRuns: 10_000 },
    );
  });
});
