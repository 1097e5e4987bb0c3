import type { Endpoint, Model } from '@switchyard/contract';
import type { CompiledPolicy, SlugRule } from '../policy/compiled-policy.js';
import { isNamed } from '../policy/endpoint-names.js';
import { reason } from './request-view.js';
import type { Filter } from './request-view.js';

/** The globs of every layer must let the model through. */
export const modelAllowed: Filter = (reasons, _endpoint, { model }, { policy }) => {
  for (const { layer, globs } of policy.models) {
    if (!globs.some((glob) => glob.test(model.id))) {
      reasons.push(reason('model_not_allowed', layer, `${model.id} matches none of the models allowed`));
    }
  }
};

export function isModelAllowed(policy: CompiledPolicy, model: Model): boolean {
  return policy.models.every(({ globs }) => globs.some((glob) => glob.test(model.id)));
}

/** What a policy may name hosts by that callers choose themselves. */
export const CALLERS_HOST = 'byok';

/** A base slug lets all endpoints of the provider through, tier endpoints too once they are opted in. */
export const providerAllowed: Filter = (reasons, endpoint, _asked, { policy }) => {
  for (const rule of policy.only) {
    const { layer, slugs } = rule;
    if (!isAllowedBy(rule, endpoint)) {
      reasons.push(reason('allowed_providers', layer, `only permits ${[...slugs].join(', ') || 'no one'}`));
    }
  }
};

/** A caller's host goes by the name that the caller gave it, which can let it through the caller's own rules alone. */
function isAllowedBy({ layer, slugs }: SlugRule, endpoint: Endpoint): boolean {
  const isStranger = endpoint.provider.callers?.ownHost === true && layer !== 'request';
  return isStranger ? slugs.has(CALLERS_HOST) : isNamed(slugs, endpoint);
}

/** A base slug covers all endpoints of the provider: whoever ignores a host means its every tier. */
export const providerNotIgnored: Filter = (reasons, endpoint, _asked, { policy }) => {
  for (const { layer, slugs } of policy.ignore) {
    if (isNamed(slugs, endpoint) || (endpoint.provider.callers?.ownHost === true && slugs.has(CALLERS_HOST))) {
      reasons.push(reason('ignored_providers', layer, `ignore names ${[...slugs].join(', ')}`));
    }
  }
};

export const credentialPresent: Filter = (reasons, { provider }) => {
  if (provider.needsCredential && provider.credentials.length === 0) {
    reasons.push(reason('credential_missing', null, `no credential for ${provider.id} is configured`));
  }
};
