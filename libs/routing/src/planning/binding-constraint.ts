import type { PolicyLayer, Reason, ReasonCode, Rejection } from '@switchyard/contract';

/** Codes of `availability` for a request that routing refuses. OpenRouter, "Errors and Debugging". */
export type AvailabilityCode = 'model_not_found' | 'no_endpoints' | 'constraint_filtered' | 'privacy_restricted';

/** What stands between the request and the endpoint that comes closest. */
export interface Constraint {
  /** The policy field in the words of the configuration, or the reason code where no field is behind it. */
  readonly field: string;
  readonly detail: string;
  readonly layer: PolicyLayer | null;
}

export interface Binding {
  readonly code: AvailabilityCode;
  readonly constraint: Constraint;
}

const FIELDS: Readonly<Partial<Record<ReasonCode, string>>> = {
  'data_policy:zdr': 'zdr',
  'data_policy:training': 'data_collection',
  data_region: 'regions',
  allowed_providers: 'only',
  ignored_providers: 'ignore',
  quantization: 'quantizations',
  distillable_text: 'enforce_distillable_text',
  fallbacks_disabled: 'allow_fallbacks',
};

/** What the caller has to ask for, so that its absence is no sign of what is wrong. */
const OPT_IN: ReadonlySet<ReasonCode> = new Set(['service_tier', 'variant']);

const PRIVACY: ReadonlySet<ReasonCode> = new Set(['data_policy:zdr', 'data_policy:training', 'distillable_text']);
const PREFERENCES: ReadonlySet<ReasonCode> = new Set([
  'allowed_providers',
  'ignored_providers',
  'fallbacks_disabled',
  'credential_missing',
  'circuit_open',
  'service_tier',
  'variant',
]);

/**
 * The rejections that explain a refusal. Endpoints that would have to be opted in are left out, unless there are no
 * others: that they were not is true of every request.
 */
export function tellingRejections(rejected: readonly Rejection[]): readonly Rejection[] {
  const telling = rejected.filter(({ reasons }) => !reasons.some(({ code }) => OPT_IN.has(code)));
  return telling.length > 0 ? telling : rejected;
}

/**
 * The one constraint to name: of the endpoints with the fewest kinds of reasons against them, the kind that keeps most
 * of them out; among equals privacy first, then what the request needs, then the choice of providers.
 */
export function bindingConstraint(rejected: readonly Rejection[]): Binding | null {
  const fewest = Math.min(...rejected.map((rejection) => codesOf(rejection).size));
  const counts = new Map<ReasonCode, { count: number; reason: Reason; endpoint: string }>();
  for (const rejection of rejected) {
    const codes = codesOf(rejection);
    if (codes.size > fewest) continue;
    for (const reason of rejection.reasons) {
      const entry = counts.get(reason.code);
      if (entry === undefined) counts.set(reason.code, { count: 1, reason, endpoint: rejection.endpoint });
      else entry.count += 1;
    }
  }
  const [first] = [...counts.values()].sort(
    (a, b) => b.count - a.count || weight(a.reason.code) - weight(b.reason.code),
  );
  if (first === undefined) return null;
  const { code, detail, layer } = first.reason;
  return {
    code: availabilityCode(code),
    constraint: { field: FIELDS[code] ?? code, detail: `${first.endpoint}: ${detail}`, layer },
  };
}

function codesOf({ reasons }: Rejection): ReadonlySet<ReasonCode> {
  return new Set(reasons.map(({ code }) => code));
}

function weight(code: ReasonCode): number {
  if (PRIVACY.has(code)) return 0;
  return PREFERENCES.has(code) ? 2 : 1;
}

function availabilityCode(code: ReasonCode): AvailabilityCode {
  if (PRIVACY.has(code)) return 'privacy_restricted';
  return PREFERENCES.has(code) ? 'no_endpoints' : 'constraint_filtered';
}
