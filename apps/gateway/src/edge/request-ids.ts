import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';

/** The names of one request. Both ids name the same usage record, so both are made of the same random part. */
export interface RequestIds {
  /** `request-id` and `x-request-id` of every answer. */
  readonly requestId: string;
  /** Part that `x-generation-id` and message ids are made of. */
  readonly unique: string;
}

export function newRequestIds(): RequestIds {
  const unique = randomUUID().replaceAll('-', '');
  return { requestId: `req_${unique}`, unique };
}

/** The value of `x-generation-id`. */
export function generationIdOf(ids: RequestIds): string {
  return `gen_${ids.unique}`;
}

/**
 * Headers of every answer of the data port, errors included. Hot routes write them together with all others in one go,
 * which costs Node a fraction of setting each.
 */
export function commonHeaders({ requestId }: RequestIds): Record<string, string> {
  return {
    'request-id': requestId,
    'x-request-id': requestId,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  };
}

/** The common headers, for answers that the framework writes. */
export function setCommonHeaders(response: ServerResponse, ids: RequestIds): void {
  for (const [name, value] of Object.entries(commonHeaders(ids))) response.setHeader(name, value);
}
