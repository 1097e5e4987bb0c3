import { ServerClock } from './server-clock.js';

describe('the clock of the store', () => {
  it('goes on by the monotonic clock, whatever happens to the wall clock', () => {
    const local = { monotonic: 500, wall: 1_000_000 };
    const clock = new ServerClock({ monotonicMs: () => local.monotonic, wallMs: () => local.wall });
    expect(clock.nowMs()).toBe(1_000_000);

    clock.heard(1_002_000);
    expect(clock.skewMs).toBe(-2_000);
    local.monotonic += 250.4;
    local.wall -= 3_600_000;
    expect(clock.nowMs()).toBe(1_002_250);
  });
});
