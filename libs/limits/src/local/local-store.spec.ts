import { describeStore } from '../testing/conformance.js';
import { storeFollowsModel } from '../testing/model.js';
import { openLocalStore } from '../testing/stores.js';

describeStore('the store in memory', openLocalStore);

describe('the store in memory', () => {
  it('answers as a count over all reservations would, whatever happens in whatever order', async () => {
    await storeFollowsModel(openLocalStore, 300);
  });
});
