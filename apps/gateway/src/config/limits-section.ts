import { IsBoolean, IsIn, IsNumber, IsOptional, Max, Min } from 'class-validator';
import { Doc, Section, WholeNumber } from './checks.js';
import type { LimitMode, LimitRules } from './gateway-config.js';
import { LIMIT_MODES } from './gateway-config.js';

const NANO_PER_USD = 1_000_000_000;
/** In nano-USD this is the largest amount that stays an exact integer. */
const BUDGET_MAX_USD = 9_000_000;
const RATE_MAX = 1_000_000_000_000;

/** USD per UTC day, per UTC month, and altogether. */
export class BudgetSection {
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(BUDGET_MAX_USD)
  day?: number;

  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(BUDGET_MAX_USD)
  month?: number;

  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(BUDGET_MAX_USD)
  total?: number;
}

/** Limits of one tenant or key. */
export class LimitsSection {
  @WholeNumber(1, RATE_MAX)
  requests_per_minute?: number;

  @Doc('Input tokens per minute, cached ones included.')
  @WholeNumber(1, RATE_MAX)
  input_tokens_per_minute?: number;

  @WholeNumber(1, RATE_MAX)
  output_tokens_per_minute?: number;

  @Doc('Requests running at the same time.')
  @WholeNumber(1, 1_000_000)
  concurrency?: number;

  @Doc('Spending limits in USD.')
  @Section(() => BudgetSection)
  budget_usd?: BudgetSection;

  @Doc('Replaces the mode of the top-level limits here.')
  @IsOptional()
  @IsIn(LIMIT_MODES)
  mode?: LimitMode;
}

/** The top-level `limits`: how all limits are applied. */
export class LimitModeSection {
  @Doc('enforce: refuse. shadow: count and report, refuse nothing. off: do not count.')
  @IsOptional()
  @IsIn(LIMIT_MODES)
  mode: LimitMode = 'enforce';

  @Doc(
    'True: while Redis is away nobody with a budget is served. False: who is far from its end is, from what was last known.',
  )
  @IsOptional()
  @IsBoolean()
  strict_budgets = false;
}

export function limitRules(section: LimitsSection): LimitRules {
  const { budget_usd: budget } = section;
  return {
    mode: section.mode ?? null,
    requestsPerMinute: section.requests_per_minute ?? null,
    inputTokensPerMinute: section.input_tokens_per_minute ?? null,
    outputTokensPerMinute: section.output_tokens_per_minute ?? null,
    concurrency: section.concurrency ?? null,
    budgetNanoUsd: { day: nanoUsd(budget?.day), month: nanoUsd(budget?.month), total: nanoUsd(budget?.total) },
  };
}

/** True when the rules limit anything and the mode lets them. */
export function limitsAnything(rules: LimitRules | null, mode: LimitMode): boolean {
  if (rules === null || (rules.mode ?? mode) === 'off') return false;
  const { budgetNanoUsd, requestsPerMinute, inputTokensPerMinute, outputTokensPerMinute, concurrency } = rules;
  return [
    requestsPerMinute,
    inputTokensPerMinute,
    outputTokensPerMinute,
    concurrency,
    ...Object.values(budgetNanoUsd),
  ].some((limit) => limit !== null);
}

function nanoUsd(usd: number | null | undefined): number | null {
  return usd === null || usd === undefined ? null : Math.round(usd * NANO_PER_USD);
}
