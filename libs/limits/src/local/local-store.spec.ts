import { chargesOf } from '../charges.js';
import { describeStore } from '../testing/conformance.js';
import { storeFollowsModel } from '../testing/model.js';
import { demandOf, limitOf, requestOf } from '../testing/requests.js';
import { openLocalStore } from '../testing/stores.js';
import { LocalStore } from './local-store.js';

describeStore('the store in memory', openLocalStore);

describe('the store in memory', () => {
  it('answers as a count over all reservations would, whatever happens in whatever order', async () => {
    await storeFollowsModel(openLocalStore, 300);
  });
});

describe('the memory of the store', () => {
  it('does not grow with requests and callers that were, whatever became of them', () => {
    let nowMs = Date.UTC(2026, 10, 20);
    const store = new LocalStore(() => nowMs);
    const serve = (index: number): void => {
      const owner = `key-${String(index)}`;
      const held = { id: String(index), group: owner };
      const limits = [
        limitOf('requests', 600, { owner }),
        limitOf('concurrency', 5, { owner }),
        limitOf('budget_day', 1_000, { owner }),
      ];
      store.reserve(held, chargesOf({ ...held, ...requestOf(limits, { costNanoUsd: 5 }) }));
      if (index % 3 === 0) store.settle(held, demandOf({ costNanoUsd: 1 }));
      if (index % 3 === 1) store.release(held);
      // Every third one is never heard of again.
      nowMs += 60_000;
    };
    const sizeAfter = (from: number, to: number): number => {
      for (let index = from; index < to; index += 1) serve(index);
      return store.size;
    };
    // A week, and then four more.
    const once = sizeAfter(0, 10_000);
    expect(sizeAfter(10_000, 50_000)).toBeLessThan(once * 1.2);
    expect(once).toBeLessThan(10_000);
  });
});
