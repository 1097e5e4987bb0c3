import { Injectable } from '@nestjs/common';
import { totalInput } from '@switchyard/contract';
import type { PlannedAttempt } from '@switchyard/contract';
import type { Outcome } from '@switchyard/dispatch';
import { PROMPT_FRAME_AT_MOST } from '@switchyard/metering';

/** A little more than was ever seen: frames hold dates and names. */
const MARGIN_TOKENS = 16;
const ENDPOINTS_MAX = 10_000;

/** What bounded a prompt, without what its host would put in front of it. */
export interface BoundedPrompt {
  readonly tokens: number;
  /** Tools come with instructions of the host's own. */
  readonly hasTools: boolean;
}

/**
 * How many tokens hosts put in front of prompts, learned from what they report: a reservation that allows for a hidden
 * prompt where there is none would keep small budgets from being used. Until a host was seen the longest known is assumed.
 */
@Injectable()
export class PromptFrames {
  private readonly seen = new Map<string, number>();

  /** Tokens to allow for, at the host of these that puts most in front of a prompt. */
  most(attempts: readonly PlannedAttempt[], hasTools: boolean): number {
    let most = 0;
    for (const attempt of attempts) {
      most = Math.max(most, this.seen.get(nameOf(attempt, hasTools)) ?? PROMPT_FRAME_AT_MOST);
    }
    return most;
  }

  /** A prompt was charged as its upstream reported it. */
  learn({ tokens, hasTools }: BoundedPrompt, { served, usage, usageSource }: Outcome): void {
    if (served === null || usageSource !== 'upstream') return;
    const name = nameOf(served, hasTools);
    const frame = Math.max(0, totalInput(usage) - tokens) + MARGIN_TOKENS;
    const before = this.seen.get(name);
    if (before === undefined && this.seen.size >= ENDPOINTS_MAX) return;
    this.seen.set(name, Math.max(frame, before ?? 0));
  }
}

function nameOf({ model, endpoint }: PlannedAttempt, hasTools: boolean): string {
  return `${model.id} ${endpoint.tag} ${hasTools ? 'tools' : ''}`;
}
