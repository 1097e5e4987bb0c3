import type { PolicyRules } from '@switchyard/contract';
import { merged } from '../testing/plan-for.js';
import { mergePolicy } from './merge-policy.js';

describe('mergePolicy', () => {
  it('keeps every allowlist, so that they intersect, with its layer', () => {
    const policy = merged({ tenant: { only: ['a', 'b'] }, request: { only: ['b'] } });
    expect(policy.only).toEqual([
      { layer: 'tenant', value: ['a', 'b'] },
      { layer: 'request', value: ['b'] },
    ]);
  });

  it.each(['ignore', 'models', 'quantizations', 'regions'] as const)('keeps %s of every layer', (name) => {
    const rules: PolicyRules = { [name]: ['fp8'] };
    expect(merged({ operator: rules, key: rules })[name]).toEqual([
      { layer: 'operator', value: ['fp8'] },
      { layer: 'key', value: ['fp8'] },
    ]);
  });

  it.each([
    ['zdr', { zdr: true }, { zdr: false }],
    ['dataCollection', { dataCollection: 'deny' }, { dataCollection: 'allow' }],
    ['enforceDistillableText', { enforceDistillableText: true }, { enforceDistillableText: false }],
    ['requireParameters', { requireParameters: true }, { requireParameters: false }],
    ['allowFallbacks', { allowFallbacks: false }, { allowFallbacks: true }],
  ] as const)('lets no later layer lift %s', (name, strict, loose) => {
    expect(merged({ tenant: strict, key: loose, request: loose })[name]?.layer).toBe('tenant');
    expect(merged({ tenant: loose, request: strict })[name]?.layer).toBe('request');
    expect(merged({ operator: loose, request: loose })[name]).toBeNull();
  });

  it('names the outermost layer that set a switch, which no inner one can lift', () => {
    expect(merged({ operator: { zdr: true }, request: { zdr: true } }).zdr).toEqual({ layer: 'operator', value: true });
  });

  it('takes the lowest cap of each price', () => {
    const policy = merged({
      key: { maxPrice: { prompt: 1, completion: 5 } },
      request: { maxPrice: { prompt: 2, completion: 3, image: 0 } },
    });
    expect(policy.maxPrice).toEqual({
      prompt: { layer: 'key', value: 1 },
      completion: { layer: 'request', value: 3 },
      image: { layer: 'request', value: 0 },
    });
  });

  it.each([
    ['order', { order: ['a'] }, { order: ['b'] }],
    ['sort', { sort: 'price' }, { sort: 'latency' }],
    ['partition', { partition: 'model' }, { partition: 'none' }],
    ['preferredMinThroughput', { preferredMinThroughput: { p50: 1 } }, { preferredMinThroughput: { p50: 2 } }],
    ['preferredMaxLatency', { preferredMaxLatency: { p50: 1 } }, { preferredMaxLatency: { p50: 2 } }],
    ['sticky', { sticky: true }, { sticky: false }],
  ] as const)('takes %s of the most specific layer', (name, outer, inner) => {
    const value = (inner as Record<string, unknown>)[name];
    expect(merged({ operator: outer, key: inner })[name]).toEqual({ layer: 'key', value });
    expect(merged({ key: outer })[name]?.layer).toBe('key');
  });

  it('takes empty lists for no rule, but an empty only or regions for a rule that nothing meets', () => {
    const policy = merged({ key: { order: [], ignore: [], quantizations: [], models: [], only: [], regions: [] } });
    expect([policy.order, policy.ignore, policy.quantizations, policy.models]).toEqual([null, [], [], []]);
    expect([policy.only, policy.regions]).toEqual([[{ layer: 'key', value: [] }], [{ layer: 'key', value: [] }]]);
    expect(merged({ tenant: { order: ['a'] }, request: { order: [] } }).order?.layer).toBe('tenant');
  });

  describe('hash', () => {
    it('is equal for equal rules, however they came about', () => {
      const rules = (): PolicyRules => ({ zdr: true, only: ['a'] });
      expect(merged({ key: rules() }).hash).toBe(merged({ key: rules(), request: {} }).hash);
      expect(merged({ key: rules(), request: { ignore: [] } }).hash).toBe(merged({ key: rules() }).hash);
    });

    it('differs by rule and by layer', () => {
      const hashes = [
        merged({}),
        merged({ key: { zdr: true } }),
        merged({ tenant: { zdr: true } }),
        merged({ key: { only: ['a'] } }),
        merged({ key: { only: ['b'] } }),
        merged({ key: { ignore: ['a'] } }),
        merged({ key: { maxPrice: { prompt: 1 } } }),
        merged({ key: { maxPrice: { completion: 1 } } }),
        merged({ key: { sticky: true } }),
        merged({ key: { sticky: false } }),
      ].map(({ hash }) => hash);
      expect(new Set(hashes).size).toBe(hashes.length);
    });
  });

  it('is one object for the same layers without rules of the request, so that what is derived from it is kept', () => {
    const operator: PolicyRules = { zdr: true };
    const key: PolicyRules = { only: ['a'] };
    const first = mergePolicy({ operator, tenant: null, key, request: null });
    expect(mergePolicy({ operator, tenant: null, key, request: {} })).toBe(first);
    expect(mergePolicy({ operator, tenant: key, key: null, request: null })).not.toBe(first);
    expect(mergePolicy({ operator, tenant: null, key, request: { zdr: true } })).not.toBe(first);
  });
});
