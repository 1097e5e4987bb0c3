import { describeMoney } from './money-conformance.js';
import { describeRates } from './rates-conformance.js';
import { describeRequests } from './request-conformance.js';
import type { StoreOpener } from './stores.js';

/** What every store of limits must do. */
export function describeStore(name: string, open: StoreOpener): void {
  describe(name, () => {
    describeRates(open);
    describeMoney(open);
    describeRequests(open);
  });
}
