import fc from 'fast-check';
import { usageRecord } from '../ledger/record.fixture.js';
import { beginPayload, checkpointPayload, END_PAYLOAD, finishPayload, readEntry, withdrawPayload } from './entry.js';

const RECORD = usageRecord(1, { upstreamId: 'msg "é😀\u0000', finishReason: null });

describe('a journal entry', () => {
  it('is read as it was written', () => {
    const { id, model, provider, endpoint, usage, usageSource, latencyMs, firstTokenMs, attempts, upstreamId } = RECORD;
    const { costNanoUsd, costInputNanoUsd, byokCostNanoUsd, costIncomplete } = RECORD;
    const place = { id, model, provider, endpoint, attempts, upstreamId };
    const cost = { usage, usageSource, costNanoUsd, costInputNanoUsd, byokCostNanoUsd, costIncomplete };
    const checkpoint = { ...place, ...cost, latencyMs, firstTokenMs };

    expect(readEntry(beginPayload(RECORD))).toEqual({ type: 'begin', record: RECORD });
    expect(readEntry(finishPayload(RECORD))).toEqual({ type: 'finish', record: RECORD });
    expect(readEntry(checkpointPayload(checkpoint))).toEqual({ type: 'checkpoint', checkpoint });
    expect(readEntry(withdrawPayload(id))).toEqual({ type: 'withdraw', id });
    expect(readEntry(END_PAYLOAD)).toEqual({ type: 'end' });
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['an id that is none', { id: 'req_1' }],
    ['no id', { id: undefined }],
    ['a cost that is no integer', { costNanoUsd: 0.5 }],
    ['a cost below nothing', { costNanoUsd: -1 }],
    ['a cost beyond exact numbers', { costNanoUsd: 2 ** 53 }],
    ['a cost that was not a number', { costNanoUsd: NaN }],
    ['a time that was not a number', { latencyMs: Infinity }],
    ['an unknown status', { status: 'done' }],
    ['an unknown protocol', { protocol: 'grpc' }],
    ['an unknown source of its usage', { usageSource: 'guess' }],
    ['a flag that is a word', { streamed: 'yes' }],
    ['half a usage', { usage: { output: 1 } }],
    ['a negative count', { usage: { ...RECORD.usage, output: -1 } }],
    ['attempts that are no list', { attempts: {} }],
    ['an attempt without its endpoint', { attempts: [{ ...RECORD.attempts[0], endpoint: undefined }] }],
  ])('with %s is unreadable and kept as it stands', (_what, fields) => {
    const payload = finishPayload({ ...RECORD, ...fields });

    expect(readEntry(payload)).toEqual({ type: 'unreadable', payload });
  });

  it('is unreadable when the payload is anything else', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (payload) => {
        expect(readEntry(payload)).toEqual({ type: 'unreadable', payload });
      }),
      { numRuns: 300 },
    );
  });
});
