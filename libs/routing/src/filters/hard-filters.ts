import type { Endpoint, Reason } from '@switchyard/contract';
import type { ModelRequest } from '../planning/model-request.js';
import { credentialPresent, modelAllowed, providerAllowed, providerNotIgnored } from './access-filters.js';
import { contextFits, modalitiesFit, parametersSupported, quantizationAllowed } from './capability-filters.js';
import { tierOptedIn, variantMatches, withinClosedOrder } from './opt-in-filters.js';
import { priceWithinCaps } from './price-filter.js';
import { distillable, noTraining, regionAllowed, zeroDataRetention } from './privacy-filters.js';
import type { Filter, RequestView } from './request-view.js';

/** What policy alone decides, whatever the request looks like. */
const STANDING_FILTERS: readonly Filter[] = [
  modelAllowed,
  regionAllowed,
  zeroDataRetention,
  noTraining,
  providerAllowed,
  providerNotIgnored,
  distillable,
  quantizationAllowed,
];

const REQUEST_FILTERS: readonly Filter[] = [
  variantMatches,
  tierOptedIn,
  withinClosedOrder,
  contextFits,
  modalitiesFit,
  parametersSupported,
  priceWithinCaps,
  credentialPresent,
];

/** Adds every reason why the endpoint may not serve the request: all of them, not the first. */
export function collectReasons(reasons: Reason[], endpoint: Endpoint, asked: ModelRequest, view: RequestView): void {
  for (const filter of STANDING_FILTERS) filter(reasons, endpoint, asked, view);
  for (const filter of REQUEST_FILTERS) filter(reasons, endpoint, asked, view);
}

/** Adds every reason of standing policy; for listings, where there is no request yet. */
export function collectStandingReasons(
  reasons: Reason[],
  endpoint: Endpoint,
  asked: ModelRequest,
  view: RequestView,
): void {
  for (const filter of STANDING_FILTERS) filter(reasons, endpoint, asked, view);
}
