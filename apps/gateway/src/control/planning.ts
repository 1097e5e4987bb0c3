import type { JsonObject, Plan, Protocol } from '@switchyard/contract';
import type { Caller } from '@switchyard/identity';
import type { MergedPolicy } from '@switchyard/routing';

/** A request body as `POST /v1/routing/explain` hands it on, parsed but not yet interpreted. */
export interface PlanningInput {
  readonly caller: Caller;
  readonly protocol: Protocol;
  readonly body: JsonObject;
  /** The `x-session-id` header; `null` = absent. */
  readonly sessionIdHeader: string | null;
}

/** Stops 1 to 4 of a request without the attempt: what would be tried, and why. */
export interface PlanningService {
  /** Throws `GatewayError` for whatever the request itself would be refused for before planning. */
  planFor(input: PlanningInput): { readonly plan: Plan; readonly policy: MergedPolicy };
}

/** Injection token of the `PlanningService`. */
export const PLANNING_SERVICE = Symbol('PlanningService');
