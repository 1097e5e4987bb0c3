import type { AccountLimits, Usage } from '@switchyard/contract';

/** One attempt that wants to use a provider account whose limits are known. */
export interface AccountAsk {
  /** Unique to the attempt. */
  readonly id: string;
  readonly providerId: string;
  readonly credentialId: string;
  readonly limits: AccountLimits;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface AccountRefusal {
  /** Seconds until there may be room; `null` = not known. */
  readonly retryAfterS: number | null;
}

/** Keeps Switchyard inside what providers grant its accounts: a full account is passed over, and no caller fails for it alone. */
export interface AccountGate {
  /** Answers exactly once, at once or later; `null` = there is room, and it is taken. Never throws. */
  admit(ask: AccountAsk, answer: (refusal: AccountRefusal | null) => void): void;
  /** Gives back what an admitted attempt did not use; `null` = it ended without an answer. */
  leave(ask: AccountAsk, usage: Usage | null): void;
}
