import { Outbox } from './outbox.js';
import type { Errand } from './outbox.js';

function errand(id: string, onDelivered?: () => void): Errand {
  const held = { id, group: 'acme' };
  return { held, actual: null, booking: null, ...(onDelivered && { onDelivered }) };
}

function rig() {
  const state = { isOpen: true, fails: false };
  const sent: string[] = [];
  const full: number[] = [];
  const outbox = new Outbox({
    send: async ({ held }) => {
      sent.push(held.id);
      if (state.fails) throw new Error('away');
    },
    isOpen: () => state.isOpen,
    onFull: (pending) => full.push(pending),
  });
  return { state, sent, full, outbox };
}

describe('the outbox', () => {
  it('sends at once while Redis is there', async () => {
    const { sent, outbox } = rig();
    outbox.post(errand('a'));
    expect(sent).toEqual(['a']);
    await outbox.whenEmpty();
    expect(outbox.pending).toBe(0);
  });

  it('keeps everything while Redis is away, and sends it in order afterwards', async () => {
    const { state, sent, outbox } = rig();
    state.isOpen = false;
    const ids = Array.from({ length: 300 }, (_, index) => String(index));
    for (const id of ids) outbox.post(errand(id));
    expect([sent.length, outbox.pending]).toEqual([0, 300]);

    state.isOpen = true;
    outbox.retry();
    await outbox.whenEmpty();
    expect(sent).toEqual(ids);
  });

  it('tries again what failed, and says that it took effect once it did', async () => {
    const { state, sent, outbox } = rig();
    const delivered: string[] = [];
    state.fails = true;
    outbox.post(errand('a', () => delivered.push('a')));
    await new Promise(setImmediate);
    expect([outbox.pending, delivered]).toEqual([1, []]);

    state.fails = false;
    outbox.retry();
    await outbox.whenEmpty();
    expect([sent, delivered]).toEqual([['a', 'a'], ['a']]);
  });

  it('does not overwhelm Redis when it comes back', () => {
    const state = { isOpen: false, underWay: 0 };
    const outbox = new Outbox({
      send: () => {
        state.underWay += 1;
        return new Promise(() => {});
      },
      isOpen: () => state.isOpen,
      onFull: () => {},
    });
    for (let index = 0; index < 1_000; index += 1) outbox.post(errand(String(index)));
    state.isOpen = true;
    outbox.retry();
    expect(state.underWay).toBe(128);
    expect(outbox.pending).toBe(1_000);
  });

  it('is bounded: it drops what comes when it is full, says so once, and counts', async () => {
    const { state, full, outbox } = rig();
    const fill = (): void => {
      state.isOpen = false;
      for (let index = 0; index < 100_010; index += 1) outbox.post(errand(String(index)));
      state.isOpen = true;
      outbox.retry();
    };
    fill();
    expect(outbox.pending).toBe(100_000);
    await outbox.whenEmpty();
    expect([full, outbox.lost]).toEqual([[100_000], 10]);
    fill();
    await outbox.whenEmpty();
    expect([full, outbox.lost]).toEqual([[100_000, 100_000], 20]);
  });
});
