import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dialect } from '@switchyard/dialects';
import type { Overload } from '../overload/overload.js';
import { commonHeaders } from './request-ids.js';
import type { RequestIds } from './request-ids.js';
import { LINGER_MS, statusOf } from './send-error.js';

/** A body of this many bytes is worth waiting for, to keep its connection: a new one costs more than to throw it away. */
const AWAITED_BYTES_MAX = 64 * 1024;
const ID_PLACE = 'request-id';

/** The answer of one dialect to a request that is not taken, but for the id. */
interface Refusal {
  readonly status: number;
  readonly before: string;
  readonly after: string;
}

/** Refuses requests at the least cost: nothing of a request is read, and the answer is made once for all. */
export class OverloadedAnswers {
  private readonly refusals = new Map<Dialect, Refusal>();

  constructor(private readonly overload: Pick<Overload, 'error' | 'retryAfterS' | 'closesConnections'>) {}

  send(request: IncomingMessage, response: ServerResponse, dialect: Dialect, ids: RequestIds): void {
    const { status, before, after } = this.refusalOf(dialect);
    const isClosing = this.overload.closesConnections || !isSmall(request);
    response.writeHead(status, {
      ...commonHeaders(ids),
      'content-type': 'application/json',
      'content-length': before.length + ids.requestId.length + after.length,
      'x-should-retry': 'true',
      'retry-after': String(this.overload.retryAfterS()),
      ...(isClosing && { connection: 'close' }),
    });
    response.end(before + ids.requestId + after);
    if (isClosing) setTimeout(() => request.socket.destroy(), LINGER_MS).unref();
  }

  private refusalOf(dialect: Dialect): Refusal {
    const known = this.refusals.get(dialect);
    if (known !== undefined) return known;
    const error = this.overload.error();
    const [before = '', after = ''] = JSON.stringify(dialect.writeError(error, ID_PLACE)).split(ID_PLACE);
    const refusal = { status: statusOf(error, dialect), before, after };
    this.refusals.set(dialect, refusal);
    return refusal;
  }
}

function isSmall({ headers, complete }: IncomingMessage): boolean {
  return complete || Number(headers['content-length'] ?? Infinity) <= AWAITED_BYTES_MAX;
}
