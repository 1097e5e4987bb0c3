import type { JsonObject, Plan, PlannedAttempt } from '@switchyard/contract';
import type { AttemptRecord } from './outcome.js';

/** The `routing` object of an answer whose request asked for it: who served, what was tried, what was lost on the way. */
export function routingMetadata(
  plan: Plan,
  served: PlannedAttempt,
  earlier: readonly AttemptRecord[],
  dropped: readonly string[],
): JsonObject {
  const servedAttempt = {
    model: served.model.id,
    provider: served.endpoint.provider.id,
    endpoint: served.endpoint.tag,
    status: 200,
    error_class: null,
  };
  return {
    requested_models: [...plan.facts.models],
    model: served.model.id,
    provider: served.endpoint.provider.id,
    endpoint: served.endpoint.tag,
    quantization: served.endpoint.quantization,
    strategy: plan.strategy,
    attempt: earlier.length + 1,
    attempts: [
      ...earlier.map((attempt) => ({
        model: attempt.model,
        provider: attempt.provider,
        endpoint: attempt.endpoint,
        status: attempt.status,
        error_class: attempt.errorClass,
      })),
      servedAttempt,
    ],
    dropped: [...dropped],
    unknown_providers: [...plan.unknownProviders],
    warnings: [...plan.warnings],
    catalog_version: plan.catalogVersion,
    policy_hash: plan.policyHash,
  };
}
