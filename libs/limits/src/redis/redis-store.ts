import { spentOf } from '../charges.js';
import type { Charge } from '../charges.js';
import type { Ruling, Standing } from '../decision.js';
import { encoded, INSTANCES_KEY, leasesKey, limitKey, reservationPrefix } from '../limit-key.js';
import type { Actual, Held, Limit, LimitState, SpendFloor } from '../types.js';
import { isBudget } from '../windows.js';
import { VERDICTS } from './scripts.js';
import type { Script, Scripts } from './scripts.js';
import { StoreError } from './store-error.js';

/** What carries a script to Redis. Rejects with `StoreError` only. */
export interface ScriptCaller {
  call(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown>;
}

/** What to charge when the reservation to settle was never made in Redis. */
export interface Booking {
  readonly budgets: readonly Limit[];
  /** Of requests and tokens, as they were reserved. */
  readonly rates: readonly Charge[];
  /** When it was admitted, Unix milliseconds: the window that it is charged to. */
  readonly atMs: number;
  /** Charged when the actual cost is no amount. */
  readonly reservedNanoUsd: number;
}

/** Limits in Redis. Every call is one script on the keys of one group, and rejects with `StoreError` only. */
export class RedisStore {
  constructor(
    private readonly caller: ScriptCaller,
    private readonly scripts: Scripts,
  ) {}

  /** Takes everything or nothing. A reservation that exists, or did, is granted again and takes nothing. */
  async reserve({ id, group }: Held, charges: readonly Charge[]): Promise<Ruling> {
    const keys = [reservationKey(group, id), leasesKey(group), ...charges.map(({ limit }) => limitKey(group, limit))];
    const answer = numbersOf(await this.caller.call(this.scripts.reserve, keys, [encoded(id), ...chargeArgs(charges)]));
    const [granted, serverTimeMs, ...rest] = answer;
    return { granted: granted === 1, serverTimeMs: serverTimeMs ?? 0, standings: standingsOf(rest) };
  }

  /** A reservation that is not there is charged as `booking` says; never twice. */
  settle(held: Held, actual: Actual, booking: Booking | null = null): Promise<void> {
    const spent = [
      spentOf('input_tokens', actual),
      spentOf('output_tokens', actual),
      spentOf('budget_total', actual) ?? booking?.reservedNanoUsd,
    ];
    return this.end(held, ['settle', ...spent.map((amount) => String(amount ?? '-'))], booking);
  }

  release(held: Held): Promise<void> {
    return this.end(held, ['release', '-', '-', '-'], null);
  }

  async renew(group: string, ids: readonly string[]): Promise<void> {
    const keys = [leasesKey(group), ...ids.map((id) => reservationKey(group, id))];
    await this.caller.call(this.scripts.renew, keys, ids.map(encoded));
  }

  async look(group: string, limits: readonly Limit[]): Promise<readonly LimitState[]> {
    const keys = limits.map((limit) => limitKey(group, limit));
    const args = limits.flatMap(({ dimension, limit }) => [dimension, String(limit)]);
    const [, ...rest] = numbersOf(await this.caller.call(this.scripts.look, keys, args));
    return limits.map((limit, index) => ({
      limit,
      remaining: rest[index * 2] ?? 0,
      resetMs: rest[index * 2 + 1] ?? 0,
    }));
  }

  async raiseSpend(group: string, floors: readonly SpendFloor[]): Promise<number> {
    const budgets = floors.filter(({ limit }) => isBudget(limit.dimension));
    const keys = [leasesKey(group), ...budgets.map(({ limit }) => limitKey(group, limit))];
    const args = budgets.flatMap(({ limit, nanoUsd, atMs }) => [limit.dimension, String(nanoUsd), String(atMs)]);
    return Number(await this.caller.call(this.scripts.raise, keys, [reservationPrefix(group), ...args]));
  }

  /** Announces an instance, `null` = none. */
  async heartbeat(instanceId: string | null): Promise<{ readonly instances: number; readonly serverTimeMs: number }> {
    const answer = numbersOf(await this.caller.call(this.scripts.heartbeat, [INSTANCES_KEY], [instanceId ?? '']));
    return { instances: answer[0] ?? 1, serverTimeMs: answer[1] ?? 0 };
  }

  private async end({ id, group }: Held, how: readonly string[], booking: Booking | null): Promise<void> {
    const budgets = booking?.budgets.map((limit) => ({ limit, cost: 0 })) ?? [];
    const booked = [...budgets, ...(booking?.rates ?? [])];
    const keys = [reservationKey(group, id), leasesKey(group), ...booked.map(({ limit }) => limitKey(group, limit))];
    const args = [encoded(id), ...how, String(booking?.atMs ?? 0), ...chargeArgs(booked)];
    await this.caller.call(this.scripts.settle, keys, args);
  }
}

function chargeArgs(charges: readonly Charge[]): readonly string[] {
  return charges.flatMap(({ limit, cost }) => [limit.dimension, String(limit.limit), limit.mode, String(cost)]);
}

function reservationKey(group: string, id: string): string {
  return reservationPrefix(group) + encoded(id);
}

function numbersOf(answer: unknown): readonly number[] {
  if (!Array.isArray(answer) || !answer.every((value) => typeof value === 'number')) {
    throw new StoreError('other', { cause: answer });
  }
  return answer;
}

function standingsOf(numbers: readonly number[]): Standing[] {
  const standings: Standing[] = [];
  for (let index = 0; index + 3 < numbers.length; index += 4) {
    const [remaining = 0, resetMs = 0, verdict = 0, waitMs = 0] = numbers.slice(index, index + 4);
    standings.push({ remaining, resetMs, refusal: VERDICTS[verdict] ?? null, waitMs });
  }
  return standings;
}
