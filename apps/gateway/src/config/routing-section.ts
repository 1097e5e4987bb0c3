import 'reflect-metadata';
import { IsBoolean, IsInt, IsOptional, Max, Min } from 'class-validator';
import { Doc, Seconds, Section, Share, WholeNumber } from './checks.js';
import { PolicySection } from './policy-section.js';
import { HedgingSection } from './resilience-sections.js';

export class TenantRetryBudgetSection {
  @Doc('Share of the requests of the window that may be fallbacks.')
  @Share()
  ratio = 0.1;

  @Doc('Fallbacks always allowed per window.')
  @WholeNumber(0, 1_000_000)
  floor = 10;

  @Seconds()
  window_s = 60;
}

export class ProviderRetryBudgetSection {
  @Doc("Share of the provider's running requests that may be fallbacks.")
  @Share()
  ratio = 0.2;

  @Doc('Fallbacks always allowed at the same time.')
  @WholeNumber(0, 1_000_000)
  floor = 3;
}

export class ProcessRetryBudgetSection {
  @Doc('Tokens of a full bucket.')
  @WholeNumber(1, 1_000_000)
  tokens = 500;

  @Doc('Tokens that a fallback takes; one that succeeds gives them back, any other success gives one.')
  @WholeNumber(1, 1_000_000)
  cost = 14;
}

export class RetryBudgetsSection {
  @Section(() => TenantRetryBudgetSection)
  tenant = new TenantRetryBudgetSection();

  @Section(() => ProviderRetryBudgetSection)
  provider = new ProviderRetryBudgetSection();

  @Section(() => ProcessRetryBudgetSection)
  process = new ProcessRetryBudgetSection();
}

export class RoutingSection {
  @Doc('Rules for every request; tenants, keys and requests can only narrow them.')
  @Section(() => PolicySection)
  policy = new PolicySection();

  @Doc('Makes weighted draws repeatable. For tests.')
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  seed?: number;

  @Doc('Most models one request may name.')
  @WholeNumber(1, 64)
  max_models = 8;

  @Doc('Most upstream attempts per request.')
  @WholeNumber(1, 64)
  max_attempts = 8;

  @Section(() => RetryBudgetsSection)
  retry_budgets = new RetryBudgetsSection();

  @Section(() => HedgingSection)
  hedging = new HedgingSection();

  @Doc('False: after a client is gone, an upstream that bills anyway is read to its end for a bounded time.')
  @IsOptional()
  @IsBoolean()
  cancel_stops_billing = true;
}
