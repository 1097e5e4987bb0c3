import { GatewayError } from '@switchyard/contract';
import type { Charge } from '../charges.js';
import { decisionOf, unavailable } from '../decision.js';
import type { Engine } from '../engine.js';
import { INSTANCES_KEY } from '../limit-key.js';
import type { LimitsClock, LimitsOptions, LimitsStatus } from '../limits-options.js';
import { Connection } from '../redis/connection.js';
import { RedisStore } from '../redis/redis-store.js';
import { scriptsWith } from '../redis/scripts.js';
import { storeErrorOf } from '../redis/store-error.js';
import type { StoreError } from '../redis/store-error.js';
import type { Actual, Decision, Held, Limit, LimitState, SpendFloor } from '../types.js';
import { LocalShare } from './local-share.js';
import type { LocalHold } from './local-share.js';
import { Outbox } from './outbox.js';
import type { Errand } from './outbox.js';
import { PROBE_MS, RedisWatch } from './redis-watch.js';

export interface SharedLimitsOptions extends Omit<LimitsOptions, 'redisUrl' | 'clock' | 'random' | 'commandTimeoutMs'> {
  readonly redisUrl: string;
  readonly clock: LimitsClock;
  readonly random: () => number;
  readonly commandTimeoutMs: number;
}

const RETRY_MS = 1_000;
/** How soon to come again when Redis did not answer and is not known to be away. */
const UNANSWERED_MS = 1_000;
/** Tries of one reservation after its first: as many as it takes until a silent Redis is not relied on any more. */
const TRIES_AGAIN_MAX = 5;
const LOOK_AGAIN_S = 5;
const RENEWALS_PER_CALL = 100;
const FAREWELL_MS = 2_000;

/** Limits that all gateways on one Redis share. While it is away each keeps its share by itself, and tells Redis afterwards. */
export class SharedLimits implements Engine {
  private readonly connection: Connection;
  private readonly store: RedisStore;
  private readonly watch: RedisWatch;
  private readonly share: LocalShare;
  private readonly outbox: Outbox;
  private readonly stopTicking: readonly (() => void)[];
  private degradedDecisions = 0;

  constructor(private readonly options: SharedLimitsOptions) {
    const { redisUrl: url, clock, random, commandTimeoutMs: timeoutMs, instanceId, onEvent } = options;
    const scripts = scriptsWith();
    this.connection = new Connection({ url, timeoutMs, random, scripts: Object.values(scripts) });
    this.store = new RedisStore(this.connection, scripts);
    this.watch = new RedisWatch({
      clock,
      isConnected: () => this.connection.isReady,
      heartbeat: () => this.store.heartbeat(options.isObserver === true ? null : instanceId),
      onChange: (change) => {
        if (change.from === 'closed') this.share.begin();
        if (change.to === 'closed') this.outbox.retry();
        onEvent(change);
      },
    });
    this.share = new LocalShare({
      strictBudgets: options.strictBudgets,
      nowMs: () => this.watch.nowMs(),
      instances: () => this.watch.instances,
    });
    this.outbox = new Outbox({
      send: (errand) => this.carryOut(errand),
      isOpen: () => this.watch.isReliable,
      onFull: (pending) => {
        onEvent({ type: 'settles_lost', pending });
      },
    });
    this.connection.open(this.watch);
    this.stopTicking = [
      clock.every(PROBE_MS, () => {
        this.watch.tick();
      }),
      clock.every(RETRY_MS, () => {
        if (this.watch.isReliable) this.outbox.retry();
      }),
    ];
  }

  get status(): LimitsStatus {
    return {
      mode: this.watch.isReliable ? 'shared' : 'degraded',
      ...this.watch.status,
      pendingSettles: this.outbox.pending,
      lostSettles: this.outbox.lost,
      degradedDecisions: this.degradedDecisions,
    };
  }

  nowMs(): number {
    return this.watch.nowMs();
  }

  reserve(held: Held, charges: readonly Charge[]): Decision | Promise<Decision> {
    if (!this.watch.isReliable) return this.reserveLocally(held, charges, false);
    return this.reserveInRedis(held, charges);
  }

  settle(held: Held, actual: Actual): void {
    this.end(held, actual);
  }

  release(held: Held): void {
    this.end(held, null);
  }

  renew(held: readonly Held[]): void {
    const groups = new Map<string, string[]>();
    for (const one of held) {
      const hold = this.share.renew(one);
      if (hold !== null && !hold.isUncertain) continue;
      const ids = groups.get(one.group) ?? [];
      ids.push(one.id);
      groups.set(one.group, ids);
    }
    if (!this.watch.isReliable) return;
    for (const [group, ids] of groups) {
      for (let first = 0; first < ids.length; first += RENEWALS_PER_CALL) {
        // A renewal that fails comes again before the lease ends.
        const some = ids.slice(first, first + RENEWALS_PER_CALL);
        this.watch.watched(() => this.store.renew(group, some)).catch(() => undefined);
      }
    }
  }

  /** Throws `GatewayError(temporarily_unavailable)` while Redis is away. */
  async look(group: string, limits: readonly Limit[]): Promise<readonly LimitState[]> {
    return this.orUnavailable(() => this.store.look(group, limits));
  }

  /** Throws `GatewayError(temporarily_unavailable)` while Redis is away. */
  async raiseSpend(group: string, floors: readonly SpendFloor[]): Promise<number> {
    return this.orUnavailable(() => this.store.raiseSpend(group, floors));
  }

  whenReady(timeoutMs: number): Promise<void> {
    return this.watch.whenConnected(timeoutMs);
  }

  /** Delivers what is pending, as far as Redis answers soon. */
  async close(): Promise<void> {
    for (const stop of this.stopTicking) stop();
    if (this.watch.isReliable) {
      await within(FAREWELL_MS, this.outbox.whenEmpty());
      await within(FAREWELL_MS, this.connection.removeFrom(INSTANCES_KEY, this.options.instanceId));
    }
    this.connection.close();
  }

  private async reserveInRedis(held: Held, charges: readonly Charge[]): Promise<Decision> {
    let error = await this.tryInRedis(held, charges);
    // Redis being slow is not Redis being gone: the same id may be sent again, until it is known to be gone.
    for (let again = 0; again < TRIES_AGAIN_MAX; again += 1) {
      if (!(error instanceof Error && error.kind === 'timeout' && this.watch.isReliable)) break;
      error = await this.tryInRedis(held, charges);
    }
    if (!(error instanceof Error)) return error;
    const decision = this.watch.isReliable
      ? unavailable(this.nowMs(), UNANSWERED_MS)
      : this.reserveLocally(held, charges, error.isUncertain);
    // What may yet be carried out must not stay reserved.
    if (!decision.granted && error.isUncertain) this.outbox.post({ held, actual: null, booking: null });
    return decision;
  }

  private async tryInRedis(held: Held, charges: readonly Charge[]): Promise<Decision | StoreError> {
    try {
      const ruling = await this.watch.watched(() => this.store.reserve(held, charges));
      this.watch.heard(ruling.serverTimeMs);
      const decision = decisionOf(charges, ruling);
      this.share.note(held.group, decision.states, ruling.serverTimeMs);
      return decision;
    } catch (error) {
      return storeErrorOf(error);
    }
  }

  private reserveLocally(held: Held, charges: readonly Charge[], isUncertain: boolean): Decision {
    this.degradedDecisions += 1;
    return this.share.reserve(held, charges, isUncertain);
  }

  private end(held: Held, actual: Actual | null): void {
    const hold = this.share.end(held, actual);
    if (hold === null) this.outbox.post({ held, actual, booking: null });
    else if (hold.isUncertain || (actual !== null && isBooked(hold))) this.post(held, actual, hold);
  }

  private post(held: Held, actual: Actual | null, hold: LocalHold): void {
    this.outbox.post({
      held,
      actual,
      booking: hold.booking,
      onDelivered: () => {
        this.share.delivered(hold, actual);
      },
    });
  }

  private async carryOut({ held, actual, booking }: Errand): Promise<void> {
    await this.watch.watched(() =>
      actual === null ? this.store.release(held) : this.store.settle(held, actual, booking),
    );
  }

  private async orUnavailable<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    if (!this.watch.isReliable) throw awayError();
    try {
      return await this.watch.watched(call);
    } catch {
      throw awayError();
    }
  }
}

function isBooked({ booking }: LocalHold): boolean {
  return booking.budgets.length + booking.rates.length > 0;
}

function awayError(): GatewayError {
  const details = { retryAfterS: LOOK_AGAIN_S };
  return new GatewayError(
    'temporarily_unavailable',
    'Limits cannot be read at the moment. Try again shortly.',
    details,
  );
}

/** Waits for something, or not for longer than this. Its failure is no failure here. */
async function within(timeoutMs: number, done: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([done.catch(() => undefined), tooLong]);
  clearTimeout(timer);
}
