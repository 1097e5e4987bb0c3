import { priceFor } from '@switchyard/contract';
import type { Endpoint, MaxPrice, Price } from '@switchyard/contract';
import { reason } from './request-view.js';
import type { Filter } from './request-view.js';

/**
 * Caps are inclusive and compared in integers. A prompt or completion price that is not known counts as above any cap;
 * a request or image price that is not known counts as none charged. Where audio has no price of its own it is charged
 * as prompt. The prices are those in force for a prompt of this length.
 */
export const priceWithinCaps: Filter = (reasons, endpoint, _asked, { facts, policy }) => {
  if (policy.caps.length === 0) return;
  const prices = priceFor(endpoint.price, endpoint.priceTiers, facts.promptTokensEstimate);
  for (const cap of policy.caps) {
    const price = chargedFor(cap.price, prices, endpoint);
    if (price !== null && price <= cap.pico) continue;
    const limit = `the cap of ${cap.usd} ${cap.unit}`;
    const detail =
      price === null
        ? `${cap.price} price is not known, which counts as above ${limit}`
        : `${cap.price} price ${price / cap.scale} ${cap.unit} is above ${limit}`;
    reasons.push(reason('max_price', cap.layer, detail));
  }
};

/** A budget cannot be kept with prices that nobody knows: not known is not free. What callers pay themselves is no part of it. */
export const priceKnown: Filter = (reasons, endpoint, _asked, { facts }) => {
  if (facts.needsKnownPrice !== true || endpoint.provider.callers !== undefined) return;
  const { prompt, completion } = endpoint.price;
  if (prompt !== null && completion !== null) return;
  const which = prompt === null ? 'prompt' : 'completion';
  reasons.push(reason('price_unknown', null, `spending is limited by a budget and the ${which} price is not known`));
};

function chargedFor(name: keyof MaxPrice, prices: Price, endpoint: Endpoint): number | null {
  switch (name) {
    case 'prompt':
    case 'completion':
      return prices[name];
    case 'request':
    case 'image':
      return prices[name] ?? 0;
    case 'audio':
      return prices.audio ?? (endpoint.modalities.input.includes('audio') ? prices.prompt : 0);
  }
}
