import { isJsonObject, ZERO_USAGE } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';
import { usdOfNano } from '@switchyard/metering';
import type { SumGroup, UsageRecord, UsageSum } from '@switchyard/metering';
import { recordJson, tokensJson } from '../control/generation-record.js';
import { csvLine } from './csv.js';
import type { Cell } from './csv.js';

const NANO_DIGITS = 9;

/** A sum as the API shows it: what it was grouped by, and figures under the names they have in a record. */
export function sumJson(sum: UsageSum, groups: readonly SumGroup[]): JsonObject {
  const { usage } = sum;
  return {
    ...Object.fromEntries(groups.map((group) => [GROUP_NAMES[group], groupValue(sum, group)])),
    requests: sum.requests,
    failures: sum.failures,
    cancelled: sum.cancelled,
    ...tokensJson(usage),
    total_cost: usdOfNano(sum.costNanoUsd),
    cost_nano_usd: sum.costNanoUsd,
  };
}

/** The line of a record or sum. */
export function csvRow(view: JsonObject): string {
  return csvLine(cellsOf(view).map(({ cell }) => cell));
}

/** The line above all records. */
export function recordHeader(): string {
  return headerOf(recordJson(NO_RECORD));
}

/** The line above all sums of these groups. */
export function sumHeader(groups: readonly SumGroup[]): string {
  return headerOf(sumJson(NO_SUM, groups));
}

function headerOf(view: JsonObject): string {
  return csvLine(cellsOf(view).map(({ name }) => name));
}

/** Nested counts lie beside the others under both names, attempts are counted. */
function cellsOf(view: JsonObject): readonly { readonly name: string; readonly cell: Cell }[] {
  return Object.entries(view).flatMap(([name, value]) => {
    if (name === 'total_cost') return [{ name, cell: usdText(Number(view['cost_nano_usd'])) }];
    if (Array.isArray(value)) return [{ name, cell: value.length }];
    if (!isJsonObject(value)) return [{ name, cell: (value ?? null) as Cell }];
    return Object.entries(value).map(([inner, count]) => ({ name: `${name}_${inner}`, cell: count as Cell }));
  });
}

const GROUP_NAMES: Readonly<Record<SumGroup, string>> = {
  hour: 'hour',
  day: 'day',
  tenant: 'tenant',
  key: 'key_id',
  model: 'model',
  provider: 'provider',
  endpoint: 'endpoint',
};

function groupValue(sum: UsageSum, group: SumGroup): string | null {
  switch (group) {
    case 'hour':
    case 'day':
      return sum.bucketMs === null ? null : new Date(sum.bucketMs).toISOString();
    case 'key':
      return sum.keyId;
    default:
      // What was never reached has no name.
      return sum[group] === '' ? null : sum[group];
  }
}

/** Digits as people write them: a spreadsheet reads `1e-9` as text. */
function usdText(nanoUsd: number): string {
  const digits = String(Math.abs(nanoUsd)).padStart(NANO_DIGITS + 1, '0');
  const fraction = digits.slice(-NANO_DIGITS).replace(/0+$/, '');
  return `${nanoUsd < 0 ? '-' : ''}${digits.slice(0, -NANO_DIGITS)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Nothing, in the shape of a record: what columns there are does not depend on what they hold. */
const NO_RECORD: UsageRecord = {
  id: '',
  createdAtMs: 0,
  tenant: '',
  keyId: '',
  protocol: 'chat',
  model: null,
  provider: null,
  endpoint: null,
  status: 'completed',
  streamed: false,
  finishReason: null,
  errorCode: null,
  usage: ZERO_USAGE,
  usageSource: 'none',
  images: 0,
  costNanoUsd: 0,
  costInputNanoUsd: 0,
  byokCostNanoUsd: null,
  costIncomplete: false,
  latencyMs: 0,
  firstTokenMs: null,
  upstreamId: '',
  priceVersion: '',
  attempts: [],
};

const NO_SUM: UsageSum = {
  bucketMs: null,
  tenant: null,
  keyId: null,
  model: null,
  provider: null,
  endpoint: null,
  requests: 0,
  failures: 0,
  cancelled: 0,
  usage: ZERO_USAGE,
  costNanoUsd: 0,
};
