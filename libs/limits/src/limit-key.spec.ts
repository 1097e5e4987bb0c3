import fc from 'fast-check';
import { encoded, leasesKey, limitKey, reservationPrefix } from './limit-key.js';
import { limitOf } from './testing/requests.js';

const name = fc.string({
  unit: fc.constantFrom('a', '0', '%', '{', '}', ':', '/', ',', ';', '\u00e9', '\ud83d'),
  maxLength: 6,
});

describe('a key of the store', () => {
  it('is readable for ordinary names', () => {
    expect(limitKey('acme', limitOf('budget_day', 1))).toBe('switchyard:{acme}:limit:key:ci:budget_day');
  });

  it('is different for different names, whatever they contain', () => {
    fc.assert(
      fc.property(name, name, (one, other) => {
        fc.pre(one !== other);
        expect(encoded(one)).not.toBe(encoded(other));
        expect(leasesKey(one)).not.toBe(leasesKey(other));
      }),
    );
  });

  it('has the group in its only braces, and nothing that would end a field of a reservation', () => {
    fc.assert(
      fc.property(name, name, (group, owner) => {
        const key = limitKey(group, limitOf('requests', 1, { owner }));
        expect(key).toMatch(/^switchyard:\{[\w.%-]+\}:limit:key:[\w.%-]+:requests$/);
        expect(reservationPrefix(group)).toMatch(/^switchyard:\{[\w.%-]+\}:reservation:$/);
      }),
    );
  });
});
