import fc from 'fast-check';
import { totalInput, totalOutput } from '@switchyard/contract';
import type { JsonValue } from '@switchyard/contract';
import type { UsageReport } from '@switchyard/conversation';

/** What upstreams put where a count should be. */
export const NONSENSE: readonly JsonValue[] = [-5, 1.5, '12', 2 ** 31, 1e300, true, {}, []];

/** Reports with these members, each of which holds anything, details included. */
export function anyReport(members: readonly string[], details: readonly string[]): fc.Arbitrary<JsonValue> {
  const leaf = fc.oneof(fc.nat({ max: 100_000 }), fc.double(), fc.jsonValue());
  const detail = fc.dictionary(fc.constantFrom(...details), leaf);
  const value = fc.oneof(leaf, detail, fc.array(detail, { maxLength: 3 }));
  return fc.dictionary(fc.constantFrom(...members), value);
}

/** Every count of the report, and the two sums, is a whole number that a sum can take. */
export function expectCounts({ usage }: UsageReport): void {
  for (const tokens of [...Object.values(usage), totalInput(usage), totalOutput(usage)]) {
    expect(Number.isSafeInteger(tokens) && tokens >= 0 && tokens <= 10 * 2 ** 31).toBe(true);
  }
}
