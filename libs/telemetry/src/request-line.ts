import { USAGE_FIELDS } from '@switchyard/contract';
import type { Cost, Usage, UsageSource } from '@switchyard/contract';

/** The one log line of a request. An allow-list by type: what is not named here cannot be logged, prompts and secrets least of all. */
export interface RequestLine {
  readonly id: string;
  readonly request_id: string;
  readonly key_id: string;
  readonly tenant: string;
  readonly protocol: 'messages' | 'chat';
  readonly status: string;
  readonly error: string | null;
  readonly model: string | null;
  readonly provider: string | null;
  readonly endpoint: string | null;
  readonly attempts: readonly AttemptLine[];
  readonly streamed: boolean;
  readonly finish_reason: string | null;
  readonly usage_source: UsageSource;
  readonly usage_suspect: readonly string[];
  readonly tokens: TokensLine;
  readonly cost_nano_usd: number;
  readonly cost_incomplete: boolean;
  readonly dropped: readonly string[];
  readonly latency_ms: number;
  readonly first_token_ms: number | null;
  readonly upstream_id: string;
}

/** The disjoint counts of a usage; zeros are left out. */
export type TokensLine = Readonly<Record<string, number>>;

export function tokensOfLine(usage: Usage): TokensLine {
  const tokens: Record<string, number> = {};
  for (const [count, field] of USAGE_FIELDS) {
    if (usage[count] !== 0) tokens[field] = usage[count];
  }
  return tokens;
}

export interface AttemptLine {
  readonly endpoint: string;
  readonly status: number | null;
  readonly error_class: string | null;
  readonly latency_ms: number;
}

/** The part of a line that is money, apart from the tokens it was made of. */
export function costOfLine(cost: Cost): Pick<RequestLine, 'cost_nano_usd' | 'cost_incomplete'> {
  return { cost_nano_usd: cost.nanoUsd, cost_incomplete: cost.incomplete };
}

/** A tenth of a millisecond is as fine as any of these figures mean. */
export function roundedMs(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
