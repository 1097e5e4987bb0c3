import { loadConfig } from '../config/load-config.js';
import { loadedFrom } from '../control/runtime-state.js';
import { budgetedGroups } from './budgeted-groups.js';

const loaded = (text: string) =>
  loadedFrom(loadConfig({ path: null, text, environment: {}, secrets: 'throwaway' }).config);

describe('who has a budget', () => {
  it("is a tenant with its keys, the tenant's own budget once however many keys it has", () => {
    const groups = budgetedGroups(
      loaded(`
tenants: [{ id: acme, limits: { budget_usd: { month: 5 } } }, { id: free, limits: { concurrency: 3 } }]
keys:
  - { id: one, tenant: acme, key: sk-0123456789abcdef-1, limits: { budget_usd: { day: 1, total: 9 }, concurrency: 2 } }
  - { id: two, tenant: acme, key: sk-0123456789abcdef-2 }
  - { id: three, tenant: free, key: sk-0123456789abcdef-3 }
  - { id: four, key: sk-0123456789abcdef-4, limits: { budget_usd: { day: 1 }, mode: 'off' } }
`),
    );
    expect(groups).toEqual([
      {
        group: 'acme',
        limits: [
          expect.objectContaining({ level: 'tenant', owner: 'acme', dimension: 'budget_month', limit: 5_000_000_000 }),
          expect.objectContaining({ level: 'key', owner: 'one', dimension: 'budget_day' }),
          expect.objectContaining({ level: 'key', owner: 'one', dimension: 'budget_total' }),
        ],
      },
    ]);
  });
});
