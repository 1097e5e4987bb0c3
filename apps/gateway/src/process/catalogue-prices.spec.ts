import type { CatalogSnapshot } from '@switchyard/contract';
import { endpoint, model, price, provider } from '../../../../test/testing/plan-fixture.js';
import { cataloguePrices } from './catalogue-prices.js';

describe('the prices of a catalogue', () => {
  it('are what a cost needs to be computed again: known prices and tiers, by model and endpoint', () => {
    const served = model('acme/m');
    const plain = endpoint(served.id, provider('plain'), { price: price(1, 2) });
    const tiered = endpoint(served.id, provider('tiered'), {
      price: { ...price(0, 5), request: 7 },
      priceTiers: [{ abovePromptTokens: 200_000, price: { prompt: 9 } }],
    });
    const models = [{ ...served, endpoints: [plain, tiered] }];
    expect(cataloguePrices({ models } as unknown as CatalogSnapshot)).toEqual({
      'acme/m': {
        plain: { prompt: 1_000_000, completion: 2_000_000 },
        tiered: {
          prompt: 0,
          completion: 5_000_000,
          request: 7,
          tiers: [{ above_prompt_tokens: 200_000, prompt: 9 }],
        },
      },
    });
  });
});
