import type { RequestFacts } from '@switchyard/contract';

/** What a request's `service_tier` and `speed` ask for. */
export interface TierChoice {
  readonly priority: boolean;
  readonly flex: boolean;
  /** No tier endpoint may serve, however it was let in. */
  readonly defaultOnly: boolean;
}

const PRIORITY = new Set(['priority', 'fast']);
/** `standard` and `standard_only` are Anthropic's words for `default`. `auto` and `scale` state no choice between endpoints. */
const DEFAULT = new Set(['default', 'standard', 'standard_only']);

const NO_CHOICE: TierChoice = { priority: false, flex: false, defaultOnly: false };

/** `service_tier: fast` and Anthropic's `speed: fast` are `priority`; where the two fields differ, both are honoured. */
export function tierChoice({ serviceTier, speed }: RequestFacts): TierChoice {
  if (serviceTier === null && speed === null) return NO_CHOICE;
  const priority = PRIORITY.has(serviceTier ?? '') || speed === 'fast';
  return { priority, flex: serviceTier === 'flex', defaultOnly: DEFAULT.has(serviceTier ?? '') && !priority };
}
