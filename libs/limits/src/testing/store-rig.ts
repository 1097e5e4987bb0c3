import type { Decision, Limit } from '../types.js';
import type { StoreOpener, StoreUnderTest } from './stores.js';

export interface StoreRig {
  /** The store of the test that runs. */
  readonly store: Omit<StoreUnderTest, 'stop'>;
  advance(ms: number): Promise<void>;
  remaining(...limits: Limit[]): Promise<number[]>;
}

/** Opens a new store for each test of the surrounding `describe`. */
export function storeRig(open: StoreOpener): StoreRig {
  let current: StoreUnderTest;

  beforeEach(async () => {
    current = await open();
  });

  afterEach(async () => {
    await current.stop();
  });

  return {
    store: {
      nowMs: () => current.nowMs(),
      setClock: (nowMs) => current.setClock(nowMs),
      reserve: (id, request, group) => current.reserve(id, request, group),
      settle: (id, actual) => current.settle(id, actual),
      release: (id) => current.release(id),
      renew: (id) => current.renew(id),
      look: (limits, group) => current.look(limits, group),
      raiseSpend: (floors) => current.raiseSpend(floors),
    },
    advance: (ms) => current.setClock(current.nowMs() + ms),
    remaining: async (...limits) => (await current.look(limits)).map((state) => state.remaining),
  };
}

/** `null` = granted. */
export function refusalOf(decision: Decision): unknown {
  return decision.granted ? null : decision.refusal;
}
