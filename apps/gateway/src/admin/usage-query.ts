import { GatewayError } from '@switchyard/contract';
import type { RecordQuery, SumGroup } from '@switchyard/metering';
import { SUM_GROUPS } from '@switchyard/metering';
import { IsIn, IsOptional, Matches, ValidateBy } from 'class-validator';
import { CALLER_ID, CALLER_ID_WORDS } from '../config/caller-sections.js';
import { queriedMoment } from '../config/moment.js';

const PAGE_SIZE = 100;
const PAGE_SIZE_MAX = 1_000;
const GROUP = `(?:${SUM_GROUPS.join('|')})`;

function IsMoment(): PropertyDecorator {
  const words = 'Unix seconds, a date, or a time such as 2026-12-31T00:00:00Z';
  const validate = (value: unknown): boolean => typeof value === 'string' && queriedMoment(value) !== null;
  const decorate = ValidateBy({ name: 'isMoment', validator: { validate, defaultMessage: () => words } });
  return (target, property) => {
    decorate(target, String(property));
  };
}

/** The query of `GET /admin/v1/usage`, as text. */
export class UsageQuery {
  @IsOptional()
  @Matches(CALLER_ID, CALLER_ID_WORDS)
  key_id?: string;

  @IsOptional()
  @Matches(CALLER_ID, CALLER_ID_WORDS)
  tenant?: string;

  @IsOptional()
  @Matches(/^[\x21-\x7e]{1,256}$/, { message: 'a model id' })
  model?: string;

  /** Inclusive. */
  @IsOptional()
  @IsMoment()
  from?: string;

  /** Exclusive. */
  @IsOptional()
  @IsMoment()
  to?: string;

  @IsOptional()
  @Matches(/^[1-9]\d{0,8}$/, { message: 'a whole number of at least 1' })
  limit?: string;

  @IsOptional()
  @Matches(/^[A-Za-z0-9_-]{1,2048}$/, { message: 'the next_cursor of the page before' })
  cursor?: string;

  @IsOptional()
  @Matches(new RegExp(`^${GROUP}(?:,${GROUP})*$`), {
    message: `names separated by commas, of ${SUM_GROUPS.join(', ')}`,
  })
  group_by?: string;

  @IsOptional()
  @IsIn(['json', 'csv'], { message: 'json or csv' })
  format?: 'json' | 'csv';
}

/** What to read of the ledger, but for the page. */
export type UsageFilter = Omit<RecordQuery, 'limit' | 'cursor'>;

export function usageFilter(query: UsageQuery): UsageFilter {
  const { tenant, key_id: keyId, model, from, to } = query;
  return stated<UsageFilter>({
    tenant,
    keyId,
    model,
    fromMs: from === undefined ? undefined : (queriedMoment(from) ?? undefined),
    toMs: to === undefined ? undefined : (queriedMoment(to) ?? undefined),
  });
}

export function usageGroups({ group_by: groupBy }: UsageQuery): readonly SumGroup[] | null {
  return groupBy === undefined ? null : SUM_GROUPS.filter((group) => groupBy.split(',').includes(group));
}

/** Rows of one JSON page. Throws `GatewayError(invalid_request)` for more than a page may have. */
export function pageSizeOf({ limit }: UsageQuery): number {
  const size = Number(limit ?? PAGE_SIZE);
  if (size <= PAGE_SIZE_MAX) return size;
  throw new GatewayError('invalid_request', `limit must be at most ${PAGE_SIZE_MAX}, or format=csv.`, {
    param: 'limit',
  });
}

function stated<T extends object>(members: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}
