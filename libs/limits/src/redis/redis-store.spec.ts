import { describeStore } from '../testing/conformance.js';
import { storeFollowsModel } from '../testing/model.js';
import { RedisStores } from '../testing/stores.js';

let stores: RedisStores;

beforeAll(async () => {
  stores = await RedisStores.start();
});

afterAll(async () => {
  await stores.stop();
});

describeStore('the store in Redis', () => stores.open());

describe('the store in Redis', () => {
  it('answers as a count over all reservations would, whatever happens in whatever order', async () => {
    await storeFollowsModel(() => stores.open(), 25);
  });
});
