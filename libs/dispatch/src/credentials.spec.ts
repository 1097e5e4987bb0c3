import fc from 'fast-check';
import { drawCredential } from './credentials.js';
import { provider } from '../../../test/testing/plan-fixture.js';

const ALL = (): boolean => true;

const WEIGHTED = provider('one', {
  credentials: [
    { id: 'heavy', apiKey: 'a', weight: 3 },
    { id: 'light', apiKey: 'b', weight: 1 },
  ],
});

describe('drawCredential', () => {
  it('draws in proportion to weight', () => {
    const drawn = Array.from(
      { length: 400 },
      (_unused, index) => drawCredential(WEIGHTED, new Set(), index / 400, ALL)?.id,
    );
    expect(drawn.filter((id) => id === 'heavy')).toHaveLength(300);
  });

  it('leaves out what was tried, and ends when all were', () => {
    expect(drawCredential(WEIGHTED, new Set(['heavy']), 0, ALL)?.id).toBe('light');
    expect(drawCredential(WEIGHTED, new Set(['heavy', 'light']), 0, ALL)).toBeNull();
  });

  it('leaves one that rests for the case that no other is left', () => {
    const isUsable = (id: string): boolean => id !== 'heavy';
    expect(drawCredential(WEIGHTED, new Set(), 0, isUsable)?.id).toBe('light');
    expect(drawCredential(WEIGHTED, new Set(['light']), 0, isUsable)?.id).toBe('heavy');
  });

  it('gives a host without credentials one try without any', () => {
    const local = provider('local', { credentials: [], needsCredential: false });
    expect(drawCredential(local, new Set(), 0, ALL)?.apiKey).toBe('');
    expect(drawCredential(local, new Set(['none']), 0, ALL)).toBeNull();
  });

  it('always draws while one is left', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (random) => {
        expect(drawCredential(WEIGHTED, new Set(), random, ALL)).not.toBeNull();
      }),
    );
  });
});
