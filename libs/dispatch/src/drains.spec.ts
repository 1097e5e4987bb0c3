import { GatewayError, UpstreamError } from '@switchyard/contract';
import { attempts } from '../../../test/testing/plan-fixture.js';
import { DRAIN_MAX_MS, Drains } from './drains.js';
import { ANSWER, DONE, FINISH, ROLE, USAGE, textOf } from './testing/sse.js';
import { OPEN_GATE, TIMEOUTS, stage } from './testing/stage.js';
import type { Stage } from './testing/stage.js';

const TEXT = textOf('Hello');
const PLAN = attempts('a/m@one', 'a/m@two');

/** A request whose upstream charges for what it was asked, client or not. */
function charged(fields: object = {}, drains = new Drains()): Stage {
  const set = stage(PLAN, { cancelStopsBilling: false, ...fields }, OPEN_GATE, { drains });
  set.dispatch.start();
  return set;
}

describe('an upstream that charges all the same', () => {
  it('is read to its end for a client that is gone, and what it reports is on record', () => {
    const { dispatch, calls, client, outcomes } = charged({ stream: true });
    calls[0]?.stream().data(ROLE + TEXT);
    const { text } = client;
    dispatch.clientGone();
    expect([calls[0]?.aborted, outcomes.length]).toEqual([false, 0]);
    calls[0]?.data(TEXT + FINISH + USAGE + DONE);
    expect(outcomes).toMatchObject([
      { status: 'client_cancelled', usageSource: 'upstream', cost: { nanoUsd: 7 }, attempts: [{ errorClass: null }] },
    ]);
    expect(client.text).toBe(text);
  });

  it('is read on for a whole answer too', () => {
    const { dispatch, calls, client, outcomes } = charged();
    dispatch.clientGone();
    calls[0]?.json(200, ANSWER);
    expect(outcomes).toMatchObject([{ status: 'client_cancelled', usageSource: 'upstream', cost: { nanoUsd: 7 } }]);
    expect(client.log).toEqual([]);
  });

  it('is read on where the client had stopped reading', () => {
    const { dispatch, calls, client } = charged({ stream: true });
    client.full = true;
    calls[0]?.stream().data(ROLE + TEXT);
    expect(calls[0]?.paused).toBe(true);
    dispatch.clientGone();
    expect(calls[0]?.paused).toBe(false);
  });

  it('is closed after a while, what it brought is estimated', () => {
    const { dispatch, calls, outcomes, pass } = charged({
      stream: true,
      timeouts: { ...TIMEOUTS, totalMs: 900_000, idleMs: 900_000, progressMs: 900_000 },
    });
    calls[0]?.stream().data(ROLE + TEXT);
    dispatch.clientGone();
    pass(DRAIN_MAX_MS + 200);
    expect(calls[0]?.aborted).toBe(true);
    expect(outcomes).toMatchObject([{ status: 'client_cancelled', usageSource: 'estimated', usage: { output: 5 } }]);
  });

  it('is not followed by another when it fails, and a failure without content costs nothing', () => {
    const { dispatch, calls, outcomes } = charged({ stream: true });
    dispatch.clientGone();
    calls[0]?.error(new UpstreamError({ class: 'server', status: 500, message: 'broke' }));
    expect(calls).toHaveLength(1);
    expect(outcomes).toMatchObject([{ status: 'client_cancelled', cost: { nanoUsd: 0 } }]);
  });

  it('is closed when Switchyard itself ends the request', () => {
    const { dispatch, calls, outcomes, errors } = charged({ stream: true });
    dispatch.clientGone();
    dispatch.cut(new GatewayError('permission', 'The API key was revoked.'));
    expect(calls[0]?.aborted).toBe(true);
    expect([outcomes.length, errors.length]).toEqual([1, 0]);
  });

  it('is closed at once when as many are read already as the process allows', () => {
    const drains = new Drains();
    const many = Array.from({ length: 33 }, () => charged({ stream: true }, drains));
    for (const { dispatch } of many) dispatch.clientGone();
    expect(many.filter(({ calls }) => calls[0]?.aborted === true)).toHaveLength(1);
    many[0]?.calls[0]?.stream().data(ROLE + TEXT + FINISH + DONE);
    const next = charged({ stream: true }, drains);
    next.dispatch.clientGone();
    expect(next.calls[0]?.aborted).toBe(false);
  });
});
