import type { Measurement } from './measure.ts';
import { median, ratios, summarise } from './report.ts';

const MEASUREMENT: Measurement = {
  system: 'direct',
  kind: 'json',
  size: 'small',
  round: 0,
  answersPerSecond: 1000,
  eventsPerSecond: 0,
  cpuMicrosecondsPerAnswer: null,
  cpuMicrosecondsPerEvent: null,
  residentMegabytes: null,
  p50Ms: 1,
  p99Ms: 2,
  errors: 0,
};

describe('the report', () => {
  it('takes the middle of an odd number of rounds and the mean of the two in the middle of an even one', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([null, 5]), median([null])]).toEqual([2, 2.5, 5, null]);
  });

  it('compares latency with the upstream asked directly in the same round', () => {
    const rounds = [
      MEASUREMENT,
      { ...MEASUREMENT, round: 1, p50Ms: 10 },
      { ...MEASUREMENT, system: 'Switchyard' as const, p50Ms: 1.5 },
      { ...MEASUREMENT, system: 'Switchyard' as const, round: 1, p50Ms: 10.7 },
    ];
    const added = summarise(rounds).find(({ system }) => system === 'Switchyard')?.addedP50Ms;
    expect(added).toBeCloseTo(0.6);
  });

  it('takes ratios within a round, so that a slow round does not move them', () => {
    const pair = (round: number, ours: number, theirs: number): Measurement[] => [
      { ...MEASUREMENT, system: 'Switchyard', round, answersPerSecond: ours },
      { ...MEASUREMENT, system: 'Portkey', round, answersPerSecond: theirs },
    ];
    const [first] = ratios([...pair(0, 6000, 1000), ...pair(1, 60, 10), ...pair(2, 600, 100)]);
    expect(first).toMatchObject({ value: 6, met: true });
  });

  it('leaves a ratio open when a system was left out', () => {
    expect(ratios([MEASUREMENT]).every(({ value, met }) => value === null && met === null)).toBe(true);
  });
});
