import type { CatalogSnapshot, JsonObject, Price } from '@switchyard/contract';

/** All prices of a catalogue, in pico-USD, by model and endpoint: enough to compute the cost of a recorded usage again. */
export function cataloguePrices({ models }: CatalogSnapshot): JsonObject {
  return Object.fromEntries(
    models.map(({ id, endpoints }) => [
      id,
      Object.fromEntries(
        endpoints.map(({ tag, price, priceTiers }) => [
          tag,
          {
            ...known(price),
            ...(priceTiers.length > 0 && {
              tiers: priceTiers.map((tier) => ({ above_prompt_tokens: tier.abovePromptTokens, ...known(tier.price) })),
            }),
          },
        ]),
      ),
    ]),
  );
}

function known(price: Partial<Price>): JsonObject {
  return Object.fromEntries(
    Object.entries(price).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}
