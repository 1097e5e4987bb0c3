import type { Protocol } from '@switchyard/contract';
import { PROTOCOL_DIALECT } from '@switchyard/contract';
import { dialectOf } from '@switchyard/dialects';
import type { Dialect } from '@switchyard/dialects';
import type { Request } from 'express';

const MESSAGES_PATH = /^\/v1\/messages(?:\/|$)/;
const EXPLAIN_PATH = '/v1/routing/explain';

/** True for a client that speaks Anthropic's protocol, by the header that its official SDKs always send. */
export function isAnthropicClient(request: Request): boolean {
  return request.headers['anthropic-version'] !== undefined;
}

/** The dialect in which the client expects an error. */
export function clientDialect(request: Request): Dialect {
  return dialectOf(PROTOCOL_DIALECT[protocolOf(request)]);
}

function protocolOf(request: Request): Protocol {
  if (MESSAGES_PATH.test(request.path) || isAnthropicClient(request)) return 'messages';
  return request.path === EXPLAIN_PATH && request.query['protocol'] === 'messages' ? 'messages' : 'chat';
}
