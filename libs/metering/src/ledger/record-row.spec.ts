import fc from 'fast-check';
import { RECORD_STATUSES } from '../record.js';
import type { RecordedAttempt, UsageRecord } from '../record.js';
import { usageRecord } from './record.fixture.js';
import { recordOf, rowsOf } from './record-row.js';

const throughRows = (record: UsageRecord): UsageRecord => {
  const { request, attempts } = rowsOf(record);
  return recordOf(request, attempts);
};

const count = fc.nat(2_147_483_647);
const amount = fc.maxSafeNat();
const name = fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom('a', 'b', '/', '.') });
const milliseconds = fc.nat(10_000_000).map((tenths) => tenths / 10);
const orNull = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null });

const place = { model: name, provider: name, endpoint: name };
const attempt: fc.Arbitrary<RecordedAttempt> = fc.record({
  ...place,
  status: orNull(fc.integer({ min: 100, max: 599 })),
  errorClass: orNull(name),
  latencyMs: milliseconds,
});
const anyRecord: fc.Arbitrary<UsageRecord> = fc
  .record({
    id: fc.string({ minLength: 32, maxLength: 32, unit: fc.constantFrom(...'0123456789abcdef') }),
    createdAtMs: amount,
    tenant: name,
    keyId: name,
    protocol: fc.constantFrom('messages', 'chat'),
    model: orNull(name),
    provider: orNull(name),
    endpoint: orNull(name),
    status: fc.constantFrom(...RECORD_STATUSES),
    streamed: fc.boolean(),
    finishReason: orNull(name),
    errorCode: orNull(name),
    usage: fc.record({
      uncachedInput: count,
      cacheRead: count,
      cacheWrite5m: count,
      cacheWrite1h: count,
      audioInput: count,
      output: count,
      reasoning: count,
      imageOutput: count,
      audioOutput: count,
      webSearches: count,
    }),
    usageSource: fc.constantFrom('upstream', 'partial', 'estimated', 'none'),
    images: count,
    costNanoUsd: amount,
    costInputNanoUsd: amount,
    byokCostNanoUsd: orNull(amount),
    costIncomplete: fc.boolean(),
    latencyMs: milliseconds,
    firstTokenMs: orNull(milliseconds),
    upstreamId: name,
    priceVersion: name,
    attempts: fc.array(attempt, { maxLength: 3 }),
  })
  .chain((record) => fc.constantFrom(record, { ...record, ...servedBy(record.attempts) }));

/** The place of the record as its last attempt left it, which is what most records look like. */
function servedBy(attempts: readonly RecordedAttempt[]): Partial<UsageRecord> {
  const last = attempts.at(-1);
  return last === undefined ? {} : { model: last.model, provider: last.provider, endpoint: last.endpoint };
}

describe('the rows of a record', () => {
  it('make up the same record again, whatever it is', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        expect(throughRows(record)).toEqual(record);
      }),
    );
  });

  it('have none for a single attempt that says nothing new', () => {
    expect(rowsOf(usageRecord(1)).attempts).toEqual([]);
  });

  it.each<[string, Partial<RecordedAttempt>]>([
    ['failed', { errorClass: 'overloaded' }],
    ['was of another model', { model: 'acme/m2' }],
    ['was of another provider', { provider: 'together' }],
    ['was at another endpoint', { endpoint: 'deepinfra' }],
  ])('have one for a single attempt that %s', (_name, fields) => {
    const record = usageRecord(1);
    const changed = { ...record, attempts: [{ ...record.attempts[0]!, ...fields }] };
    expect(rowsOf(changed).attempts).toHaveLength(1);
    expect(throughRows(changed)).toEqual(changed);
  });

  it('keep durations to the tenth of a millisecond', () => {
    const record = usageRecord(1, { latencyMs: 12.3456, firstTokenMs: 0.04 });
    expect(throughRows(record)).toMatchObject({ latencyMs: 12.3, firstTokenMs: 0 });
  });

  it('hold text that both databases take, and only so much of what a provider says', () => {
    const record = usageRecord(1, {
      model: 'a\0b',
      endpoint: `half \ud83d`,
      upstreamId: 'x'.repeat(199) + '\ud83d\ude00',
      errorCode: 'y'.repeat(100),
    });
    expect(throughRows(record)).toMatchObject({
      model: 'a\uFFFDb',
      endpoint: 'half \uFFFD',
      upstreamId: 'x'.repeat(199) + '\uFFFD',
      errorCode: 'y'.repeat(64),
    });
  });

  it.each<[string, object, RegExp]>([
    ['an id that is none', { id: 'req_1' }, /^id is "req_1", not 32 lower-case hexadecimal digits\.$/],
    ['an id in capitals', { id: 'A'.repeat(32) }, /^id is /],
    [
      'a negative count',
      { usage: { ...usageRecord(1).usage, output: -1 } },
      /^usage\.output is -1, not a whole number/,
    ],
    ['a broken count', { usage: { ...usageRecord(1).usage, cacheRead: 0.5 } }, /^usage\.cacheRead is 0\.5/],
    ['a count beyond its column', { images: 2 ** 31 }, /^images is 2147483648/],
    ['a count that is missing', { usage: {} }, /^usage\.uncachedInput is undefined/],
    ['a cost that is not a number', { costNanoUsd: NaN }, /^costNanoUsd is null/],
    ['a cost that is not exact', { costNanoUsd: 2 ** 53 }, /^costNanoUsd is 9007199254740992/],
    ['a time that is text', { createdAtMs: '2026' }, /^createdAtMs is "2026"/],
    ['a status that is none', { status: 'done' }, /^status is "done", which is not known here\.$/],
    ['a word that every object knows', { status: 'constructor' }, /^status is "constructor"/],
    ['no tenant', { tenant: undefined }, /^tenant is undefined, not text/],
    ['a flag that is no truth value', { streamed: 1 }, /^streamed is 1, not true or false/],
    ['a model that is a list', { model: ['a'] }, /^model is object/],
    [
      'an attempt without its duration',
      { attempts: [{ ...usageRecord(1).attempts[0]!, latencyMs: null }] },
      /^attempts\.0\.latencyMs/,
    ],
  ])('cannot be made of %s', (_name, fields, message) => {
    const record = { ...usageRecord(1), ...fields };
    expect(() => rowsOf(record)).toThrow(RangeError);
    expect(() => rowsOf(record)).toThrow(message);
  });

  it('are not understood when a newer version wrote them', () => {
    const { request } = rowsOf(usageRecord(1));
    expect(() => recordOf({ ...request, status: 99 }, [])).toThrow(/^status is 99, which is not known here\.$/);
  });
});
