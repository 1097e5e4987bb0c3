import type { Endpoint, Reason } from '@switchyard/contract';
import type { ModelRequest } from '../planning/model-request.js';
import { credentialPresent, modelAllowed, providerAllowed, providerNotIgnored } from './access-filters.js';
import { contextFits, modalitiesFit, parametersSupported, quantizationAllowed } from './capability-filters.js';
import { tierOptedIn, variantMatches, withinClosedOrder } from './opt-in-filters.js';
import { priceKnown, priceWithinCaps } from './price-filter.js';
import { distillable, noTraining, regionAllowed, zeroDataRetention } from './privacy-filters.js';
import type { Filter, RequestView } from './request-view.js';

/** Access, privacy and the endpoint itself first: what a refusal is about when several things are wrong at once. */
const FILTERS: readonly Filter[] = [
  modelAllowed,
  regionAllowed,
  zeroDataRetention,
  noTraining,
  providerAllowed,
  providerNotIgnored,
  distillable,
  quantizationAllowed,
  variantMatches,
  tierOptedIn,
  withinClosedOrder,
  contextFits,
  modalitiesFit,
  parametersSupported,
  priceWithinCaps,
  priceKnown,
  credentialPresent,
];

/** Adds every reason why the endpoint may not serve the request: all of them, not the first. */
export function collectReasons(reasons: Reason[], endpoint: Endpoint, asked: ModelRequest, view: RequestView): void {
  for (const filter of FILTERS) filter(reasons, endpoint, asked, view);
}
