import fc from 'fast-check';
import { KEPT_MS, LEASE_MS, TOMBSTONE_MS } from '../lifetimes.js';
import type { Demand, Limit, RefusalCause } from '../types.js';
import { limitAt, limitOf } from './requests.js';
import { NOON_MS } from './stores.js';
import type { StoreUnderTest } from './stores.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Two keys of a tenant: some limits are their own, some they share. */
const KEYS: readonly (readonly Limit[])[] = ['ci', 'web'].map((owner) => [
  limitOf('requests', 12, { owner }),
  limitOf('output_tokens', 900, { owner }),
  limitAt('tenant', 'output_tokens', 1_500),
  limitOf('concurrency', 3, { owner }),
  limitAt('tenant', 'concurrency', 4),
  limitOf('budget_day', 700, { owner }),
  limitAt('tenant', 'budget_total', 3_000),
]);
const EVERY_LIMIT = KEYS.flat();

interface ModelReservation {
  readonly limits: readonly Limit[];
  readonly day: number;
  leaseEndMs: number;
  cost: number;
  readonly reserved: Demand;
  endedMs: number | null;
}

/**
 * What limits mean, without any of the stores' bookkeeping: slots and money are counted over all reservations ever made;
 * only buckets are kept, as what they hold.
 */
export class LimitsModel {
  nowMs = NOON_MS;
  readonly reservations = new Map<string, ModelReservation>();
  private readonly levels = new Map<string, { tokens: number; atMs: number }>();

  remaining(limit: Limit): number {
    if (limit.dimension === 'concurrency') return limit.limit - this.running(limit).length;
    if (limit.dimension.startsWith('budget')) return limit.limit - this.charged(limit);
    return this.tokens(limit);
  }

  /** Why each limit of the key would refuse. */
  refusals(limits: readonly Limit[], demand: Demand): (RefusalCause | null)[] {
    return limits.map((limit) => {
      const needed = neededOf(limit, demand);
      if (limit.dimension.startsWith('budget')) {
        const held = this.running(limit).reduce((sum, { reserved }) => sum + reserved.costNanoUsd, 0);
        if (this.charged(limit) + needed <= limit.limit) return null;
        return this.charged(limit) - held + needed > limit.limit ? 'budget_exhausted' : 'budget_in_flight';
      }
      if (needed <= this.remaining(limit)) return null;
      if (limit.dimension === 'concurrency') return 'concurrency';
      return needed > limit.limit ? 'too_large' : 'rate';
    });
  }

  reserve(id: string, limits: readonly Limit[], demand: Demand): void {
    const day = Math.floor(this.nowMs / DAY_MS);
    const { costNanoUsd: cost } = demand;
    this.reservations.set(id, {
      limits,
      day,
      leaseEndMs: this.nowMs + LEASE_MS,
      cost,
      reserved: demand,
      endedMs: null,
    });
    for (const limit of limits) this.take(limit, neededOf(limit, demand));
  }

  /** `null` = released. */
  end(id: string, actual: Demand | null): void {
    const reservation = this.reservations.get(id);
    if (reservation === undefined || reservation.endedMs !== null) return;
    reservation.endedMs = this.nowMs;
    reservation.cost = actual?.costNanoUsd ?? 0;
    for (const limit of reservation.limits) {
      if (limit.dimension === 'requests' && actual === null) this.take(limit, -1);
      if (limit.dimension !== 'output_tokens') continue;
      this.take(limit, (actual?.outputTokens ?? 0) - reservation.reserved.outputTokens);
    }
  }

  renew(id: string): void {
    const reservation = this.reservations.get(id);
    if (reservation?.endedMs === null) reservation.leaseEndMs = this.nowMs + LEASE_MS;
  }

  private running(limit: Limit): ModelReservation[] {
    return this.under(limit).filter(({ endedMs, leaseEndMs }) => endedMs === null && leaseEndMs > this.nowMs);
  }

  private charged(limit: Limit): number {
    return this.under(limit).reduce((sum, { cost }) => sum + cost, 0);
  }

  private under(limit: Limit): ModelReservation[] {
    const today = Math.floor(this.nowMs / DAY_MS);
    return [...this.reservations.values()].filter(
      ({ limits, day }) =>
        limits.some((own) => sameLimit(own, limit)) && (limit.dimension !== 'budget_day' || day === today),
    );
  }

  /** In sixtieths of a thousandth of a token, as whole numbers. */
  private level(limit: Limit): number {
    const known = this.levels.get(nameOf(limit)) ?? { tokens: limit.limit * MINUTE_MS, atMs: this.nowMs };
    return Math.min(limit.limit * MINUTE_MS, known.tokens + (this.nowMs - known.atMs) * limit.limit);
  }

  private tokens(limit: Limit): number {
    return Math.floor(this.level(limit) / MINUTE_MS);
  }

  private take(limit: Limit, tokens: number): void {
    if (limit.dimension === 'concurrency' || limit.dimension.startsWith('budget')) return;
    const left = Math.min(limit.limit * MINUTE_MS, this.level(limit) - tokens * MINUTE_MS);
    this.levels.set(nameOf(limit), { tokens: left, atMs: this.nowMs });
  }
}

type Command = fc.AsyncCommand<LimitsModel, StoreUnderTest>;

/** Waits of nothing, of part of a lease, over a lease, over midnight. */
const waits = fc.oneof(
  fc.integer({ min: 0, max: 5_000 }),
  fc.integer({ min: 0, max: 90_000 }),
  fc.constant(DAY_MS / 2),
);
const ids = fc.integer({ min: 0, max: 30 }).map(String);
const demands = fc.record({
  inputTokens: fc.constant(0),
  outputTokens: fc.integer({ min: 0, max: 1_000 }),
  costNanoUsd: fc.integer({ min: 0, max: 800 }),
});

const commands: fc.Arbitrary<Command>[] = [
  fc.record({ id: ids, key: fc.nat({ max: 1 }), demand: demands }).map(reserveCommand),
  fc.record({ id: ids, actual: fc.option(demands) }).map(endCommand),
  ids.map(renewCommand),
  waits.map(waitCommand),
];

/** Whatever happens in whatever order, the store answers as the model does. */
export function storeFollowsModel(open: () => Promise<StoreUnderTest>, runs: number): Promise<void> {
  return fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 120, size: 'max' }), async (run) => {
      const store = await open();
      try {
        await fc.asyncModelRun(() => ({ model: new LimitsModel(), real: store }), run);
      } finally {
        await store.stop();
      }
    }),
    { numRuns: runs },
  );
}

function reserveCommand({ id, key, demand }: { id: string; key: number; demand: Demand }): Command {
  const limits = KEYS[key]!;
  return {
    // What a store remembers of an ended request it may forget after a while.
    check: ({ reservations, nowMs }) => nowMs - (reservations.get(id)?.endedMs ?? nowMs) < TOMBSTONE_MS,
    run: async (model, store) => {
      const isNew = !model.reservations.has(id);
      const refusals = isNew ? model.refusals(limits, demand).filter((cause) => cause !== null) : [];
      const decision = await store.reserve(id, { limits, demand });

      expect(decision.granted).toBe(refusals.length === 0);
      if (!decision.granted) expect(refusals).toContain(decision.refusal.cause);
      else if (isNew) model.reserve(id, limits, demand);
      await expectSame(model, store);
    },
    toString: () => `reserve(${id}, key ${String(key)}, ${JSON.stringify(demand)})`,
  };
}

function endCommand({ id, actual }: { id: string; actual: Demand | null }): Command {
  return {
    check: ({ reservations }) => reservations.has(id),
    run: async (model, store) => {
      model.end(id, actual);
      await (actual === null ? store.release(id) : store.settle(id, actual));
      await expectSame(model, store);
    },
    toString: () => `${actual === null ? 'release' : 'settle'}(${id}, ${JSON.stringify(actual)})`,
  };
}

function renewCommand(id: string): Command {
  return {
    check: ({ reservations }) => reservations.has(id),
    run: async (model, store) => {
      model.renew(id);
      await store.renew(id);
      await expectSame(model, store);
    },
    toString: () => `renew(${id})`,
  };
}

function waitCommand(ms: number): Command {
  return {
    // Lapsed reservations are forgotten after a while.
    check: ({ nowMs }) => nowMs + ms - NOON_MS < KEPT_MS,
    run: async (model, store) => {
      model.nowMs += ms;
      await store.setClock(model.nowMs);
      await expectSame(model, store);
    },
    toString: () => `wait(${String(ms)})`,
  };
}

async function expectSame(model: LimitsModel, store: StoreUnderTest): Promise<void> {
  const states = await store.look(EVERY_LIMIT);
  expect(states.map(({ remaining }) => remaining)).toEqual(EVERY_LIMIT.map((limit) => model.remaining(limit)));
}

function neededOf({ dimension }: Limit, demand: Demand): number {
  if (dimension === 'output_tokens') return demand.outputTokens;
  return dimension.startsWith('budget') ? demand.costNanoUsd : 1;
}

function sameLimit(one: Limit, other: Limit): boolean {
  return nameOf(one) === nameOf(other);
}

function nameOf({ level, owner, dimension }: Limit): string {
  return `${level} ${owner} ${dimension}`;
}
