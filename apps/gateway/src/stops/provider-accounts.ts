import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { totalInput, totalOutput } from '@switchyard/contract';
import type { AccountLimits, Usage } from '@switchyard/contract';
import type { AccountAsk, AccountGate } from '@switchyard/dispatch';
import { RENEW_MS } from '@switchyard/limits';
import type { Decision, Dimension, Held, Limit } from '@switchyard/limits';
import { PROCESS_SERVICES } from '../process/process-services.js';
import type { ProcessServices } from '../process/process-services.js';

const DIMENSION_OF: readonly (readonly [keyof AccountLimits, Dimension])[] = [
  ['requestsPerMinute', 'requests'],
  ['inputTokensPerMinute', 'input_tokens'],
  ['outputTokensPerMinute', 'output_tokens'],
  ['concurrency', 'concurrency'],
];

/** The limits that providers set on Switchyard's own accounts, kept like those of callers, under a hash tag of their own. */
@Injectable()
export class ProviderAccounts implements AccountGate, OnApplicationShutdown {
  private readonly held = new Map<string, Held>();
  private readonly timer: NodeJS.Timeout;

  constructor(@Inject(PROCESS_SERVICES) private readonly services: ProcessServices) {
    this.timer = setInterval(() => {
      if (this.held.size > 0) this.services.limits.renew([...this.held.values()]);
    }, RENEW_MS);
    this.timer.unref();
  }

  admit(ask: AccountAsk, answer: (refusal: { readonly retryAfterS: number | null } | null) => void): void {
    const decided = (decision: Decision): void => {
      if (decision.granted) {
        this.held.set(ask.id, heldOf(ask));
        answer(null);
        return;
      }
      const { retryAfterMs, cause } = decision.refusal;
      // Redis away must not take a provider away: its own refusal is the worst that can come of trying.
      if (cause === 'unavailable') answer(null);
      else answer({ retryAfterS: retryAfterMs === null ? null : Math.ceil(retryAfterMs / 1_000) });
    };
    const { inputTokens, outputTokens } = ask;
    const decision = this.services.limits.reserve({
      ...heldOf(ask),
      limits: limitsOf(ask),
      demand: { inputTokens, outputTokens, costNanoUsd: 0 },
    });
    if (decision instanceof Promise) {
      decision.then(decided, () => {
        answer(null);
      });
    } else decided(decision);
  }

  leave(ask: AccountAsk, usage: Usage | null): void {
    const held = this.held.get(ask.id);
    if (held === undefined) return;
    this.held.delete(ask.id);
    this.services.limits.settle(held, {
      inputTokens: usage === null ? 0 : totalInput(usage),
      outputTokens: usage === null ? 0 : totalOutput(usage),
      costNanoUsd: 0,
    });
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }
}

function heldOf({ id, providerId, credentialId }: AccountAsk): Held {
  return { id, group: `credential/${providerId}/${credentialId}` };
}

function limitsOf({ limits, providerId, credentialId }: AccountAsk): Limit[] {
  return DIMENSION_OF.flatMap(([field, dimension]) => {
    const limit = limits[field];
    if (limit === null) return [];
    return [
      {
        level: 'credential' as const,
        owner: `${providerId}/${credentialId}`,
        dimension,
        limit,
        mode: 'enforce' as const,
      },
    ];
  });
}
