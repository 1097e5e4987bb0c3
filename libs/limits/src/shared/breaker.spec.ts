import { Breaker } from './breaker.js';

function rig() {
  const clock = { nowMs: 0 };
  const changes: string[] = [];
  const breaker = new Breaker(
    () => clock.nowMs,
    ({ from, to, cause }) => changes.push(`${from} > ${to}: ${cause}`),
  );
  const fail = (times: number, everyMs = 0): void => {
    for (let count = 0; count < times; count += 1) {
      breaker.failed();
      clock.nowMs += everyMs;
    }
  };
  const answer = (times: number): void => {
    for (let count = 0; count < times; count += 1) breaker.answered();
  };
  return { clock, changes, breaker, fail, answer };
}

function connected() {
  const all = rig();
  all.breaker.connected();
  all.changes.length = 0;
  return all;
}

describe('the breaker', () => {
  it('is open until the first connection, which it relies on at once', () => {
    const { breaker, changes } = rig();
    breaker.lost();
    expect(breaker.isClosed).toBe(false);
    breaker.connected();
    expect(breaker.isClosed).toBe(true);
    expect(changes).toEqual(['open > closed: connected']);
  });

  it('opens at once when the connection is lost, and a new connection does not close it', () => {
    const { breaker, changes } = connected();
    breaker.lost();
    breaker.connected();
    expect(breaker.state).toBe('open');
    expect(changes).toEqual(['closed > open: lost']);
  });

  it('opens with the fifth failure within a second', () => {
    const { breaker, fail, changes } = connected();
    fail(4, 200);
    expect(breaker.isClosed).toBe(true);
    fail(1);
    expect(breaker.state).toBe('open');
    expect(changes).toEqual(['closed > open: failures']);
  });

  it('bears failures that are further apart', () => {
    const { breaker, fail } = connected();
    fail(100, 250);
    expect(breaker.isClosed).toBe(true);
  });

  it('closes after five probes were answered in a row', () => {
    const { breaker, answer, changes } = connected();
    breaker.lost();
    answer(4);
    expect(breaker.state).toBe('half_open');
    answer(1);
    expect(breaker.isClosed).toBe(true);
    expect(changes).toEqual(['closed > open: lost', 'open > half_open: answers', 'half_open > closed: answers']);
  });

  it('counts the answers anew after a failure, and gives up again after five', () => {
    const { breaker, answer, fail } = connected();
    breaker.lost();
    answer(4);
    fail(1);
    answer(4);
    expect(breaker.state).toBe('half_open');
    answer(1);
    expect(breaker.isClosed).toBe(true);
    breaker.lost();
    answer(1);
    fail(5);
    expect(breaker.state).toBe('open');
  });

  it('waits for a second of answers after it was lost half open, and for an answered probe after a failed one', () => {
    const { clock, breaker, answer, fail } = connected();
    breaker.lost();
    answer(4);
    breaker.lost();
    expect(breaker.state).toBe('open');
    answer(9);
    clock.nowMs += 999;
    answer(1);
    fail(1);
    clock.nowMs += 1_000;
    answer(9);
    expect(breaker.state).toBe('open');
    clock.nowMs += 1_000;
    answer(5);
    expect(breaker.isClosed).toBe(true);
  });

  it('says each change once, however much fails', () => {
    const { breaker, fail, changes } = connected();
    fail(100);
    breaker.lost();
    breaker.lost();
    expect(changes).toHaveLength(1);
  });

  it('follows a Redis that comes and goes for a second once, and then waits until it stays', () => {
    const { clock, breaker, changes } = connected();
    clock.nowMs = 60_000;
    /** Away for a second, back for a second, with a probe every fifth of one. */
    const flap = (): void => {
      breaker.lost();
      clock.nowMs += 1_000;
      for (let probe = 0; probe < 5; probe += 1) {
        breaker.answered();
        clock.nowMs += 200;
      }
    };
    for (let times = 0; times < 90; times += 1) flap();
    breaker.lost();
    expect(changes).toHaveLength(4);
    expect(changes.at(-1)).toBe('closed > open: lost');

    // Now it stays.
    for (; !breaker.isClosed; clock.nowMs += 200) breaker.answered();
    expect(clock.nowMs - 60_000 - 90 * 2_000).toBeLessThan(4_000);
  });

  it('waits longer after each relapse, up to half a minute, and forgets them once it was closed for long', () => {
    const { clock, breaker } = connected();
    const untilClosed = (): number => {
      const startMs = clock.nowMs;
      for (; !breaker.isClosed; clock.nowMs += 200) breaker.answered();
      return clock.nowMs - startMs;
    };
    const waits = Array.from({ length: 7 }, () => {
      breaker.lost();
      return untilClosed();
    });
    expect(waits).toEqual([1_000, 2_000, 3_000, 5_000, 9_000, 17_000, 31_000]);
    clock.nowMs += 5_000;
    breaker.lost();
    expect(untilClosed()).toBe(1_000);
  });

  it('forgets the failures of before when it closes again', () => {
    const { breaker, fail, answer } = connected();
    fail(5);
    answer(5);
    fail(4);
    expect(breaker.isClosed).toBe(true);
  });
});
