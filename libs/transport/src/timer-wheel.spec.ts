import fc from 'fast-check';
import { TimerWheel, type TimerHandle, type WheelClock } from './timer-wheel.js';

const TICK_MS = 100;

/** Time that passes only when told to. */
class FakeClock implements WheelClock {
  private period: { callback: () => void; nextMs: number; everyMs: number } | null = null;

  constructor(private timeMs = 12_345.6) {}

  get ticking(): boolean {
    return this.period !== null;
  }

  now(): number {
    return this.timeMs;
  }

  every(everyMs: number, callback: () => void): () => void {
    expect(this.period).toBeNull();
    this.period = { callback, everyMs, nextMs: this.timeMs + everyMs };
    return () => {
      this.period = null;
    };
  }

  advance(byMs: number): void {
    const end = this.timeMs + byMs;
    while (this.period !== null && this.period.nextMs <= end) {
      this.timeMs = this.period.nextMs;
      this.period.nextMs += this.period.everyMs;
      this.period.callback();
    }
    this.timeMs = end;
  }

  /** The process was busy or asleep: time passes without ticks, then one comes. */
  stall(forMs: number): void {
    this.timeMs += forMs;
    if (this.period === null) return;
    this.period.nextMs = this.timeMs + this.period.everyMs;
    this.period.callback();
  }
}

function setUp(): { clock: FakeClock; wheel: TimerWheel; fired: string[]; note: (name: string) => () => void } {
  const clock = new FakeClock();
  const fired: string[] = [];
  return { clock, wheel: new TimerWheel({ clock }), fired, note: (name) => () => void fired.push(name) };
}

describe('a timer wheel', () => {
  it('fires once, never early and at most two ticks late', () => {
    const { clock, wheel, fired, note } = setUp();
    wheel.set(1000, note('a'));
    clock.advance(999);
    expect(fired).toEqual([]);
    clock.advance(1 + 2 * TICK_MS);
    expect(fired).toEqual(['a']);
    clock.advance(100_000);
    expect(fired).toEqual(['a']);
  });

  it('fires in the order of the deadlines', () => {
    const { clock, wheel, fired, note } = setUp();
    wheel.set(520, note('b'));
    wheel.set(510, note('a'));
    wheel.set(700, note('c'));
    clock.stall(1000);
    expect(fired).toEqual(['a', 'b', 'c']);
  });

  it('does not fire what was cancelled, and cancelling twice or late is harmless', () => {
    const { clock, wheel, fired, note } = setUp();
    const first = wheel.set(100, note('a'));
    const second = wheel.set(100, note('b'));
    first.cancel();
    first.cancel();
    clock.advance(300);
    second.cancel();
    expect(fired).toEqual(['b']);
    expect(clock.ticking).toBe(false);
  });

  it('counts a refreshed timer from the refresh', () => {
    const { clock, wheel, fired, note } = setUp();
    const timer = wheel.set(1000, note('a'));
    for (let round = 0; round < 20; round++) {
      clock.advance(900);
      timer.refresh();
    }
    expect(fired).toEqual([]);
    clock.advance(999);
    expect(fired).toEqual([]);
    clock.advance(1 + 2 * TICK_MS);
    expect(fired).toEqual(['a']);
  });

  it('does not wake a timer that fired or was cancelled by refreshing it', () => {
    const { clock, wheel, fired, note } = setUp();
    const fires = wheel.set(100, note('a'));
    const cancelled = wheel.set(100, note('b'));
    cancelled.cancel();
    clock.advance(300);
    fires.refresh();
    cancelled.refresh();
    clock.advance(1000);
    expect(fired).toEqual(['a']);
  });

  it('keeps delays longer than a turn of the wheel', () => {
    const { clock, wheel, fired, note } = setUp();
    wheel.set(900_000, note('a'));
    clock.advance(899_999);
    expect(fired).toEqual([]);
    clock.advance(1 + 2 * TICK_MS);
    expect(fired).toEqual(['a']);
  });

  it('fires everything due after a stall longer than a turn, once', () => {
    const { clock, wheel, fired, note } = setUp();
    for (const delayMs of [100, 30_000, 60_000, 120_000]) wheel.set(delayMs, note(String(delayMs)));
    clock.stall(100_000);
    expect(fired).toEqual(['100', '30000', '60000']);
    clock.advance(20_200);
    expect(fired).toEqual(['100', '30000', '60000', '120000']);
  });

  it('ticks only while a timer is set', () => {
    const { clock, wheel, note } = setUp();
    expect(clock.ticking).toBe(false);
    wheel.set(150, note('a'));
    const other = wheel.set(10_000, note('b'));
    expect(clock.ticking).toBe(true);
    clock.advance(500);
    expect(clock.ticking).toBe(true);
    other.cancel();
    clock.advance(TICK_MS);
    expect(clock.ticking).toBe(false);
    clock.advance(1_000_000);
    wheel.set(100, note('c'));
    expect(clock.ticking).toBe(true);
  });

  it('starts afresh after standing still for long', () => {
    const { clock, wheel, fired, note } = setUp();
    wheel.set(100, note('a'));
    clock.advance(1000);
    clock.advance(1_000_000);
    wheel.set(1000, note('b'));
    clock.advance(999);
    expect(fired).toEqual(['a']);
    clock.advance(1 + 2 * TICK_MS);
    expect(fired).toEqual(['a', 'b']);
  });

  it('takes callbacks that set, cancel and refresh timers, also those due with them', () => {
    const { clock, wheel, fired, note } = setUp();
    const later: { cancelled?: TimerHandle; refreshed?: TimerHandle } = {};
    wheel.set(100, () => {
      fired.push('first');
      later.cancelled?.cancel();
      later.refreshed?.refresh();
      wheel.set(0, note('new'));
    });
    later.cancelled = wheel.set(110, note('cancelled'));
    later.refreshed = wheel.set(120, note('refreshed'));
    clock.stall(500);
    expect(fired).toEqual(['first']);
    clock.advance(2 * TICK_MS);
    expect(fired).toEqual(['first', 'new', 'refreshed']);
    expect(clock.ticking).toBe(false);
  });

  it('fires the others when a callback throws, and reports the fault', () => {
    const clock = new FakeClock();
    const faults: unknown[] = [];
    const fired: string[] = [];
    const wheel = new TimerWheel({ clock, onFault: (error) => faults.push(error) });
    wheel.set(100, () => {
      throw new Error('faulty');
    });
    wheel.set(110, () => fired.push('other'));
    clock.advance(500);
    expect(fired).toEqual(['other']);
    expect(faults).toEqual([new Error('faulty')]);
  });

  it('fires every timer exactly once within its bounds, whatever is set, cancelled, refreshed and stalled', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), delayMs: fc.nat(120_000) }),
      fc.record({ kind: fc.constantFrom('cancel' as const, 'refresh' as const), which: fc.nat() }),
      fc.record({ kind: fc.constant('advance' as const), byMs: fc.nat(80_000) }),
      fc.record({ kind: fc.constant('stall' as const), byMs: fc.nat(80_000) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const clock = new FakeClock();
        const wheel = new TimerWheel({ clock });
        const timers: { handle: TimerHandle; delayMs: number; dueMs: number; over: boolean }[] = [];
        let stalledMs = 0;
        for (const taken of steps) {
          if (taken.kind === 'set') {
            const index = timers.length;
            const handle = wheel.set(taken.delayMs, () => {
              const timer = timers[index];
              expect(timer?.over).toBe(false);
              expect(clock.now()).toBeGreaterThanOrEqual(timer?.dueMs ?? Infinity);
              expect(clock.now() - (timer?.dueMs ?? 0)).toBeLessThanOrEqual(2 * TICK_MS + stalledMs);
              if (timer !== undefined) timer.over = true;
            });
            timers.push({ handle, delayMs: taken.delayMs, dueMs: clock.now() + taken.delayMs, over: false });
          } else if (taken.kind === 'advance') {
            stalledMs = 0;
            clock.advance(taken.byMs);
          } else if (taken.kind === 'stall') {
            stalledMs = taken.byMs;
            clock.stall(taken.byMs);
          } else {
            const timer = timers[taken.which % (timers.length || 1)];
            timer?.handle[taken.kind]();
            if (timer !== undefined && taken.kind === 'cancel') timer.over = true;
            if (timer !== undefined && taken.kind === 'refresh') timer.dueMs = clock.now() + timer.delayMs;
          }
        }
        stalledMs = 0;
        clock.advance(120_000 + 2 * TICK_MS);
        expect(timers.every(({ over }) => over)).toBe(true);
        expect(clock.ticking).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('runs on the real clock without keeping the process alive', async () => {
    const started = performance.now();
    await new Promise<void>((resolve) => {
      const alive = setInterval(() => undefined, 1000);
      new TimerWheel().set(120, () => {
        clearInterval(alive);
        resolve();
      });
    });
    expect(performance.now() - started).toBeGreaterThanOrEqual(120);
  });
});
