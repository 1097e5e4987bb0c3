import type { JsonObject } from '@switchyard/contract';
import { usdOfNano } from '@switchyard/metering';
import type { Spend } from '@switchyard/metering';
import type { KeySettings, LimitMode, LimitRules, TenantSettings } from '../config/gateway-config.js';

/** Whose limits hold for a key, and what was spent. */
export interface KeyAccount {
  readonly key: KeySettings;
  readonly tenant: TenantSettings;
  readonly keySpend: Spend;
  readonly tenantSpend: Spend;
  /** The deployment's mode of limits. */
  readonly mode: LimitMode;
}

interface Budget {
  readonly limitNanoUsd: number;
  readonly leftNanoUsd: number;
  readonly reset: 'daily' | 'monthly' | null;
}

/** A key as its holder sees it, in the fields of OpenRouter's `GET /key`; amounts in USD. */
export function keyInfo({ key, tenant, keySpend, tenantSpend, mode }: KeyAccount): JsonObject {
  const keyLimits = enforced(key.limits, mode);
  const tenantLimits = enforced(tenant.limits, mode);
  const budgets = [...budgetsOf(keyLimits, keySpend), ...budgetsOf(tenantLimits, tenantSpend)];
  const tightest = budgets.reduce<Budget | null>(
    (least, budget) => (least === null || budget.leftNanoUsd < least.leftNanoUsd ? budget : least),
    null,
  );
  return {
    label: key.label,
    key_id: key.keyId,
    tenant: tenant.id,
    limits: { key: limitsJson(key.limits), tenant: limitsJson(tenant.limits) },
    limit: tightest === null ? null : usdOfNano(tightest.limitNanoUsd),
    limit_remaining: tightest === null ? null : usdOfNano(Math.max(0, tightest.leftNanoUsd)),
    limit_reset: tightest?.reset ?? null,
    usage: usdOfNano(keySpend.totalNanoUsd),
    usage_daily: usdOfNano(keySpend.dayNanoUsd),
    usage_monthly: usdOfNano(keySpend.monthNanoUsd),
    usage_total: usdOfNano(keySpend.totalNanoUsd),
    rate_limit: rateLimit(keyLimits, tenantLimits),
    expires_at: key.expiresAtMs === null ? null : new Date(key.expiresAtMs).toISOString(),
    permissions: [...key.permissions],
    is_free_tier: false,
  };
}

/** Limits in the form of the configuration file; `null` = none. */
export function limitsJson(rules: LimitRules | null): JsonObject | null {
  if (rules === null) return null;
  const { day, month, total } = rules.budgetNanoUsd;
  const budget = stated({ day: usdOrNull(day), month: usdOrNull(month), total: usdOrNull(total) });
  return stated({
    requests_per_minute: rules.requestsPerMinute,
    input_tokens_per_minute: rules.inputTokensPerMinute,
    output_tokens_per_minute: rules.outputTokensPerMinute,
    concurrency: rules.concurrency,
    budget_usd: Object.keys(budget).length > 0 ? budget : null,
    mode: rules.mode,
  });
}

/** What refuses nobody is no limit to its holder. */
function enforced(rules: LimitRules | null, mode: LimitMode): LimitRules | null {
  return (rules?.mode ?? mode) === 'enforce' ? rules : null;
}

function budgetsOf(rules: LimitRules | null, spend: Spend): readonly Budget[] {
  if (rules === null) return [];
  const { day, month, total } = rules.budgetNanoUsd;
  return [
    ...budgetOf(day, spend.dayNanoUsd, 'daily'),
    ...budgetOf(month, spend.monthNanoUsd, 'monthly'),
    ...budgetOf(total, spend.totalNanoUsd, null),
  ];
}

function budgetOf(limitNanoUsd: number | null, spentNanoUsd: number, reset: Budget['reset']): readonly Budget[] {
  return limitNanoUsd === null ? [] : [{ limitNanoUsd, leftNanoUsd: limitNanoUsd - spentNanoUsd, reset }];
}

function rateLimit(...rules: readonly (LimitRules | null)[]): JsonObject | null {
  const perMinute = rules.flatMap((each) => each?.requestsPerMinute ?? []);
  return perMinute.length === 0 ? null : { requests: Math.min(...perMinute), interval: '60s' };
}

function usdOrNull(nanoUsd: number | null): number | null {
  return nanoUsd === null ? null : usdOfNano(nanoUsd);
}

/** The members that say something. */
function stated(members: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));
}
