import fc from 'fast-check';
import { isEmptyDelta, readDelta, writeDelta } from './health-delta.js';
import { ONE, TWO, tracked } from './health.fixture.js';

describe('the message of a process', () => {
  it('holds what it saw since the last one, once', () => {
    const { health, fail, succeed } = tracked();
    fail(5);
    succeed(2, TWO);
    fail(1, 'auth', TWO);
    const delta = health.shared.take();
    expect(delta).toMatchObject({
      endpoints: [
        { key: 'a/m one', passed: 0, failed: 5, faults: 5 },
        { key: 'a/m two', passed: 2, failed: 1, faults: 0 },
      ],
      ejections: [{ key: 'a/m one', times: 1, leftMs: 30_000 }],
      refused: [{ provider: 'two', credential: 'main', leftMs: 300_000 }],
    });
    expect(isEmptyDelta(health.shared.take())).toBe(true);
  });

  it('is read as it was written', () => {
    const { health, fail, succeed } = tracked();
    fail(5);
    succeed(2, TWO);
    fail(1, 'billing', TWO);
    health.recordAnsweredProbe(ONE, 'main');
    fail(5, 'server', TWO);
    const delta = health.shared.take();
    expect(readDelta(writeDelta(delta))).toEqual(delta);
  });

  it('is not read when it is anything else', () => {
    for (const text of ['', '{}', '[]', 'null', '[[],[],[]]', '[[1],[],[],[]]', '[[],[["a",-1,2]],[],[]]']) {
      expect(readDelta(text)).toBeNull();
    }
    const sketch = (...numbers: unknown[]): string => JSON.stringify([[['a', 1, 0, 0, numbers, []]], [], [], []]);
    expect(readDelta(sketch(1, 2))).not.toBeNull();
    for (const text of [sketch(1), sketch(1e6, 1), sketch(1, 0.5), sketch('1', 1)]) expect(readDelta(text)).toBeNull();
    const many = Array.from({ length: 501 }, () => 'a');
    expect(readDelta(JSON.stringify([[], [], many, []]))).toBeNull();
  });

  it('never makes its reader throw', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map((value) => JSON.stringify([value, [], [], []])),
        ),
        (text) => {
          const delta = readDelta(text);
          if (delta !== null) tracked().health.shared.merge(delta);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('tells a process that begins what is in force', () => {
    const [old, young] = [tracked(), tracked()];
    old.fail(5);
    old.fail(1, 'auth', TWO);
    old.health.shared.take();
    old.clock.nowMs += 10_000;
    young.health.shared.merge(old.health.shared.standing());
    expect(young.health.circuitOf(ONE)).toBe('ejected');
    expect(young.health.isCredentialRested(TWO.provider, 'main')).toBe(false);
    young.clock.nowMs += 20_000;
    expect(young.health.circuitOf(ONE)).toBe('trial');
  });

  it('ends at every listener an ejection that a probe ended', () => {
    const [prober, other] = [tracked(), tracked()];
    prober.fail(5);
    other.health.shared.merge(prober.health.shared.take());
    prober.health.recordAnsweredProbe(ONE, 'main');
    other.health.shared.merge(prober.health.shared.take());
    expect(other.health.circuitOf(ONE)).toBe('trial');
  });

  it('is passed over where it speaks of what the catalogue does not have', () => {
    const [old, young] = [tracked(), tracked([TWO])];
    old.fail(5);
    old.fail(1, 'auth');
    young.health.shared.merge(old.health.shared.take());
    expect(young.health.ejectedCount).toBe(0);
    expect(young.health.isCredentialRested(ONE.provider, 'main')).toBe(true);
  });
});
