import { Leases } from './leases.js';

describe('leases', () => {
  it('lapse in order, no more at a time than asked for, and not before their end', () => {
    const leases = new Leases();
    for (const [name, endMs] of [
      ['a', 10],
      ['b', 20],
      ['c', 20],
      ['d', 30],
    ] as const) {
      leases.hold(name, endMs);
    }
    expect(leases.lapse(9)).toEqual([]);
    expect(leases.lapse(20, 2)).toEqual(['a', 'b']);
    expect(leases.lapse(20, 2)).toEqual(['c']);
    leases.hold('d', 50);
    expect(leases.lapse(40)).toEqual([]);
    leases.drop('d');
    expect(leases.lapse(60)).toEqual([]);
    expect(leases.size).toBe(0);
  });
});
