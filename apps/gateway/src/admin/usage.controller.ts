import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Controller, Get, Query, Req, Res, UseGuards } from '@nestjs/common';
import type { JsonObject } from '@switchyard/contract';
import type { Request, Response } from 'express';
import { recordJson } from '../control/generation-record.js';
import { QueryPipe } from '../control/query.pipe.js';
import { AdminGuard } from './admin.guard.js';
import { AdminStores } from './admin-stores.js';
import type { Page } from './merged-page.js';
import { csvRow, recordHeader, sumHeader, sumJson } from './usage-rows.js';
import { pageSizeOf, usageFilter, usageGroups, UsageQuery } from './usage-query.js';

/** Rows of a CSV that are in memory at a time. */
const CSV_PAGE_SIZE = 1_000;

/** What to read, page by page. */
type ReadPage = (limit: number, cursor: string | null) => Promise<Page>;

/** What was used, by whom, and what it cost: one record a request, or sums. */
@Controller('admin/v1/usage')
@UseGuards(AdminGuard)
export class UsageController {
  constructor(private readonly stores: AdminStores) {}

  @Get()
  async list(
    @Query(new QueryPipe(UsageQuery, 'refused')) query: UsageQuery,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const isCsv = wantsCsv(query, request);
    const limit = isCsv ? Number(query.limit ?? Infinity) : pageSizeOf(query);
    const cursor = query.cursor ?? null;
    const read = this.reader(query);
    await this.stores.catchUp();
    if (!isCsv) {
      response.json(await read(limit, cursor));
      return;
    }
    // The first page is read before anything is sent, so that what is wrong can still be answered as an error.
    const first = await read(Math.min(CSV_PAGE_SIZE, limit), cursor);
    const groups = usageGroups(query);
    response.setHeader('content-type', 'text/csv; charset=utf-8; header=present');
    response.setHeader('content-disposition', 'attachment; filename="usage.csv"');
    const lines = csvPages(groups === null ? recordHeader() : sumHeader(groups), first, limit, read);
    await pipeline(Readable.from(lines, { objectMode: false }), response);
  }

  private reader(query: UsageQuery): ReadPage {
    const filter = usageFilter(query);
    const groupBy = usageGroups(query);
    return (limit, cursor) =>
      this.stores.ledger(async (ledger) => {
        const page = { ...filter, limit, ...(cursor !== null && { cursor }) };
        if (groupBy === null) {
          const { records, nextCursor } = await ledger.list(page);
          return { data: records.map(recordJson), next_cursor: nextCursor };
        }
        const { sums, nextCursor } = await ledger.sums({ ...page, groupBy });
        return { data: sums.map((sum): JsonObject => sumJson(sum, groupBy)), next_cursor: nextCursor };
      });
  }
}

function wantsCsv({ format }: UsageQuery, request: Request): boolean {
  if (format !== undefined) return format === 'csv';
  return request.accepts(['application/json', 'text/csv']) === 'text/csv';
}

/** The text page by page; the next page is read once the client has taken the one before. */
async function* csvPages(header: string, first: Page, limit: number, read: ReadPage): AsyncGenerator<string> {
  yield header + linesOf(first);
  let left = limit - first.data.length;
  for (let cursor = first.next_cursor; cursor !== null && left > 0;) {
    const page = await read(Math.min(CSV_PAGE_SIZE, left), cursor);
    yield linesOf(page);
    left -= page.data.length;
    cursor = page.next_cursor;
  }
}

function linesOf({ data }: Page): string {
  return data.map(csvRow).join('');
}
