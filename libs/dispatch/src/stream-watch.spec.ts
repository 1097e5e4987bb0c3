import { TimerWheel } from '@switchyard/transport';
import { StreamWatch } from './stream-watch.js';
import type { StreamTimes } from './stream-watch.js';

const TIMES: StreamTimes = {
  firstEventMs: 2_000,
  reasoningFirstEventMs: 10_000,
  idleMs: 1_000,
  progressMs: 3_000,
  pingsMs: 5_000,
  totalMs: Infinity,
};

/** A watch on a clock in the test's hand; `fired` is what did not come, or null. */
function watchOf(times: Partial<StreamTimes> = {}, asksReasoning = false) {
  let now = 0;
  const periodic = new Set<() => void>();
  const wheel = new TimerWheel({
    clock: {
      now: () => now,
      every: (_periodMs, callback) => {
        periodic.add(callback);
        return () => {
          periodic.delete(callback);
        };
      },
    },
  });
  const state = { fired: null as string | null, atMs: 0 };
  const watch = new StreamWatch({ ...TIMES, ...times }, asksReasoning, wheel, (what) => {
    state.fired = what;
    state.atMs = now;
  });
  const pass = (milliseconds: number, each: () => void = () => undefined, everyMs = 100): void => {
    for (const end = now + milliseconds; now < end && state.fired === null;) {
      now += 100;
      if (now % everyMs === 0) each();
      for (const callback of [...periodic]) callback();
    }
  };
  watch.start();
  return { watch, state, pass, running: () => periodic.size };
}

const content = ({ watch }: ReturnType<typeof watchOf>): void => {
  watch.heard(50, true, true);
};
const ping = ({ watch }: ReturnType<typeof watchOf>): void => {
  watch.heard(20, false, true);
};
const byte = ({ watch }: ReturnType<typeof watchOf>): void => {
  watch.heard(1, false, false);
};

describe('the watch over a stream', () => {
  it('waits for the first content, however many pings come before it', () => {
    const one = watchOf();
    one.pass(5_000, () => {
      ping(one);
    });
    expect(one.state).toMatchObject({ fired: 'no content came', atMs: 2_000 });
  });

  it('waits longer where reasoning was asked for', () => {
    const one = watchOf({}, true);
    one.pass(9_900);
    expect(one.state.fired).toBeNull();
    one.pass(200);
    expect(one.state.fired).toBe('no content came');
  });

  it('ends a stream that falls silent', () => {
    const one = watchOf();
    content(one);
    one.pass(5_000);
    expect(one.state.fired).toContain('stalled');
    expect(one.state.atMs).toBe(1_000);
  });

  it('lets a stream go on for as long as content comes', () => {
    const one = watchOf();
    content(one);
    one.pass(
      60_000,
      () => {
        content(one);
      },
      900,
    );
    expect(one.state.fired).toBeNull();
  });

  it('takes pings for life for so long in all, whatever lies between them', () => {
    const one = watchOf();
    content(one);
    one.pass(4_000, () => {
      ping(one);
    });
    content(one);
    one.pass(10_000, () => {
      ping(one);
    });
    expect(one.state.fired).toContain('without content');
    // A second of pings was left, and then the time for progress ran out.
    expect(one.state.atMs).toBeGreaterThanOrEqual(4_000 + 1_000 + 3_000);
    expect(one.state.atMs).toBeLessThanOrEqual(4_000 + 1_000 + 3_000 + 200);
  });

  it('is not fooled by a trickle of bytes', () => {
    const one = watchOf();
    content(one);
    one.pass(10_000, () => {
      byte(one);
    });
    expect(one.state).toMatchObject({ atMs: 3_000 });
  });

  it('lets a large event take its time', () => {
    const one = watchOf();
    content(one);
    one.pass(
      30_000,
      () => {
        one.watch.heard(64, false, false);
      },
      900,
    );
    expect(one.state.fired).toBeNull();
  });

  it('bounds the whole where it is to', () => {
    const one = watchOf({ totalMs: 6_000 });
    one.pass(10_000, () => {
      content(one);
    });
    expect(one.state).toEqual({ fired: 'it did not end', atMs: 6_000 });
  });

  it('stands still while the client holds the stream back, and then starts anew', () => {
    const one = watchOf({ totalMs: 6_000 });
    content(one);
    one.pass(900);
    one.watch.pause();
    one.pass(100_000);
    expect(one.state.fired).toBeNull();
    one.watch.resume();
    one.pass(900);
    expect(one.state.fired).toBeNull();
    one.pass(10_000, () => {
      content(one);
    });
    expect(one.state).toEqual({ fired: 'it did not end', atMs: 100_000 + 6_000 });
  });

  it('waits for the first content again after the client held back what came before it', () => {
    const one = watchOf();
    one.pass(1_900);
    one.watch.pause();
    one.pass(10_000);
    one.watch.resume();
    one.pass(1_900);
    expect(one.state.fired).toBeNull();
    one.pass(200);
    expect(one.state.fired).toBe('no content came');
  });

  it('leaves no clock running when it is stopped or has fired', () => {
    const stopped = watchOf({ totalMs: 6_000 });
    content(stopped);
    stopped.watch.stop();
    stopped.pass(20_000);
    expect(stopped.state.fired).toBeNull();
    expect(stopped.running()).toBe(0);
    const fired = watchOf();
    content(fired);
    fired.pass(20_000);
    const { atMs } = fired.state;
    fired.state.fired = null;
    fired.pass(20_000);
    expect(fired.state).toEqual({ fired: null, atMs });
    expect(fired.running()).toBe(0);
  });
});
