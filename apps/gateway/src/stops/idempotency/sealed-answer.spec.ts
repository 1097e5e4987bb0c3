import fc from 'fast-check';
import type { Caller } from '@switchyard/identity';
import { answerKeyOf, fingerprintOf, openAnswer, sealAnswer, slotOf } from './sealed-answer.js';
import type { KeptAnswer } from './sealed-answer.js';

const PEPPER = Buffer.from('a pepper of at least thirty-two bytes');
const caller = (tenantId: string, keyId: string): Caller => ({ tenantId, keyId }) as Caller;
const answer = (): fc.Arbitrary<KeptAnswer> =>
  fc.record({
    streamed: fc.boolean(),
    headers: fc.dictionary(fc.stringMatching(/^x-[a-z]{1,9}$/), fc.string()),
    // What UTF-8 cannot write never was the text of an answer.
    body: fc.string({ unit: 'grapheme' }),
  });

describe('a sealed answer', () => {
  it('is opened as it was sealed', () => {
    fc.assert(
      fc.property(answer(), fc.string(), fc.string(), (kept, secret, idempotencyKey) => {
        const key = answerKeyOf(secret, idempotencyKey, PEPPER);
        expect(openAnswer(sealAnswer(kept, key, 'slot'), key, 'slot')).toEqual(kept);
      }),
      { numRuns: 200 },
    );
  });

  it('says nothing to another secret, another Idempotency-Key, another slot or another pepper', () => {
    const kept = { streamed: false, headers: {}, body: 'canary' };
    const sealed = sealAnswer(kept, answerKeyOf('secret', 'key', PEPPER), 'slot');
    expect(openAnswer(sealed, answerKeyOf('secre', 'tkey', PEPPER), 'slot')).toBeNull();
    expect(openAnswer(sealed, answerKeyOf('secret', 'other', PEPPER), 'slot')).toBeNull();
    expect(openAnswer(sealed, answerKeyOf('secret', 'key', PEPPER.subarray(1)), 'slot')).toBeNull();
    expect(openAnswer(sealed, answerKeyOf('secret', 'key', PEPPER), 'other')).toBeNull();
  });

  it('is not opened once a single bit of it was changed or it was cut', () => {
    const key = answerKeyOf('secret', 'key', PEPPER);
    const sealed = sealAnswer({ streamed: true, headers: { a: 'b' }, body: 'canary' }, key, 'slot');
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.nat(7), fc.boolean(), (at, bit, isCut) => {
        const changed = Buffer.from(sealed);
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        expect(openAnswer(isCut ? sealed.subarray(0, at) : changed, key, 'slot')).toBeNull();
      }),
      { numRuns: 200 },
    );
  });

  it('looks different each time and shows nothing of what it says', () => {
    const key = answerKeyOf('secret', 'key', PEPPER);
    const kept = { streamed: false, headers: { 'x-generation-id': 'gen_canary' }, body: 'canary' };
    const first = sealAnswer(kept, key, 'slot');
    expect(first.equals(sealAnswer(kept, key, 'slot'))).toBe(false);
    expect(first.includes('canary')).toBe(false);
  });
});

describe('the slot of an Idempotency-Key', () => {
  it('is another for another tenant, key or header, however the parts are cut', () => {
    const slots = [
      slotOf(caller('a', 'bc'), 'd', PEPPER),
      slotOf(caller('ab', 'c'), 'd', PEPPER),
      slotOf(caller('a', 'b'), 'cd', PEPPER),
      slotOf(caller('a', 'bc'), 'e', PEPPER),
      slotOf(caller('a', 'bc'), 'd', PEPPER.subarray(1)),
    ];
    expect(new Set(slots).size).toBe(slots.length);
    for (const slot of slots) expect(slot).toMatch(/^[0-9a-f]{64}$/);
    expect(slotOf(caller('a', 'bc'), 'd', PEPPER)).toBe(slots[0]);
  });
});

describe('the fingerprint of a request', () => {
  it('depends on the protocol and on every byte of the body', () => {
    const body = Buffer.from('{"model":"m"}');
    const own = fingerprintOf('chat', body, PEPPER);
    expect(fingerprintOf('chat', Buffer.from(body), PEPPER)).toBe(own);
    expect(fingerprintOf('messages', body, PEPPER)).not.toBe(own);
    expect(fingerprintOf('chat', Buffer.from('{"model": "m"}'), PEPPER)).not.toBe(own);
  });
});
