import { ERRORS, isJsonObject, parseJson } from '@switchyard/contract';
import type { ErrorCode, FailureClass, JsonObject } from '@switchyard/contract';
import { SOUND_MODEL, modelOf, secretOf } from './cells.js';
import type { Cell } from './cells.js';

/** What a client saw of its answer. */
export interface SeenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** What the caller is told when an attempt that failed was the only one. */
const ERROR_OF: Partial<Record<FailureClass, ErrorCode>> = {
  connect: 'temporarily_unavailable',
  timeout: 'temporarily_unavailable',
  server: 'temporarily_unavailable',
  overloaded: 'temporarily_unavailable',
  truncated: 'temporarily_unavailable',
  rate_limited: 'rate_limited',
  auth: 'provider_auth',
  billing: 'provider_auth',
  not_found: 'upstream_invalid',
  invalid_answer: 'upstream_invalid',
  invalid_request: 'invalid_request',
  context_length: 'context_length_exceeded',
  too_large: 'request_too_large',
};

/** Attempts at the only endpoint there is: failures that may pass are tried again. */
const ATTEMPTS_ALONE: Partial<Record<FailureClass, number>> = { connect: 3, server: 3, overloaded: 3, truncated: 3 };

/** Marks of upstream bodies, which nobody outside may see. */
const RAW = ['<html', 'Bad Gateway', 'stranger', 'x-flood', 'upstream.example'];
const TERMINATORS = { messages: 'event: message_stop', chat: 'data: [DONE]' } as const;

/** How the attempts of a cell end, in their order; `null` = it served. */
export function attemptsOf({ fate, hasFallback }: Cell): readonly (FailureClass | null)[] {
  if (fate.kind === 'served') return [null];
  if (fate.kind === 'broken') return [fate.failure];
  if (hasFallback) return [fate.failure, null];
  return Array.from({ length: ATTEMPTS_ALONE[fate.failure] ?? 1 }, () => fate.failure);
}

/** Which promises an answer and its record break; empty = all hold. `record` is the `data` of `GET /v1/generation`. */
export function brokenPromises(cell: Cell, answer: SeenAnswer, record: JsonObject): readonly string[] {
  const broken = new Findings();
  for (const raw of [...RAW, secretOf(cell)]) broken.unless(!answer.text.includes(raw), `shows ${raw}`);
  broken.same('x-generation-id', answer.headers.get('x-generation-id'), record['id']);
  broken.same('streamed', record['streamed'], cell.streams);
  switch (cell.fate.kind) {
    case 'served':
      checkServed(cell, answer, broken);
      checkRecord(cell, record, { status: 'completed', model: modelOf(cell) }, broken);
      broken.same('usage_source', record['usage_source'], cell.fate.usage);
      broken.unless(record['cost_nano_usd'] !== 0 || cell.row.mode === 'refusal', 'costs nothing');
      break;
    case 'failed':
      checkFailed(cell, cell.fate.failure, answer, record, broken);
      break;
    case 'broken':
      checkBroken(cell, cell.fate.failure, answer, broken);
      checkRecord(cell, record, { status: 'truncated', model: modelOf(cell) }, broken);
      broken.unless(Number(record['cost_nano_usd']) > 0, 'what was delivered costs nothing');
      broken.unless(Number(record['tokens_completion']) <= (cell.row.maxTokens ?? 64), 'bills beyond the limit');
  }
  return broken.list;
}

function checkFailed(
  cell: Cell,
  failure: FailureClass,
  answer: SeenAnswer,
  record: JsonObject,
  broken: Findings,
): void {
  if (cell.hasFallback) {
    checkServed(cell, answer, broken);
    checkRecord(cell, record, { status: 'completed', model: SOUND_MODEL }, broken);
    broken.same('x-switchyard-model', answer.headers.get('x-switchyard-model'), SOUND_MODEL);
    return;
  }
  checkRefusal(cell, ERROR_OF[failure] ?? 'internal', answer, broken);
  checkRecord(cell, record, { status: 'upstream_error', model: modelOf(cell) }, broken);
  broken.same('attempts', answer.headers.get('x-switchyard-attempts'), String(attemptsOf(cell).length));
  broken.same('cost', record['cost_nano_usd'], 0);
}

function checkServed(cell: Cell, { status, headers, text }: SeenAnswer, broken: Findings): void {
  broken.same('status', status, 200);
  broken.same('attempts', headers.get('x-switchyard-attempts'), String(attemptsOf(cell).length));
  if (cell.streams) {
    broken.unless(text.includes(TERMINATORS[cell.client]), 'has no terminator');
    broken.unless(!text.includes('"error"'), 'has an error in the stream');
  } else {
    broken.unless(isWhole(cell, jsonOf(text)), 'is no answer of the protocol');
  }
}

function isWhole({ client }: Cell, body: JsonObject): boolean {
  if (client === 'messages') return body['type'] === 'message' && Array.isArray(body['content']);
  return body['object'] === 'chat.completion' && Array.isArray(body['choices']);
}

function checkRefusal(cell: Cell, code: ErrorCode, { status, headers, text }: SeenAnswer, broken: Findings): void {
  const row = ERRORS[code];
  const body = jsonOf(text);
  const error = objectOf(body['error']);
  broken.same('status', status, cell.client === 'messages' ? row.status.anthropic : row.status.openai);
  broken.unless(headers.get('content-type')?.startsWith('application/json') === true, 'is not JSON');
  broken.same(
    'x-should-retry',
    headers.get('x-should-retry'),
    row.shouldRetry === null ? null : String(row.shouldRetry),
  );
  broken.unless(typeof error['message'] === 'string' && error['message'] !== '', 'says nothing');
  const { retryAfterS } = cell.row;
  if (retryAfterS !== undefined) {
    // A date has no fractions of a second, and a wait is spread by a fifth.
    const wait = Number(headers.get('retry-after'));
    broken.unless(wait >= retryAfterS - 1 && wait <= retryAfterS * 1.2 + 1, `asks to wait ${String(wait)} s`);
  }
  if (cell.client === 'messages') {
    broken.same('type', body['type'], 'error');
    broken.same('error.type', error['type'], row.anthropic);
  } else {
    broken.same('error.type', error['type'], row.openai.type);
  }
}

/** An error after content: in the form of the protocol, at the end, and with nothing that looks like an end that is well. */
function checkBroken(cell: Cell, failure: FailureClass, { status, headers, text }: SeenAnswer, broken: Findings): void {
  const row = ERRORS[failure === 'timeout' ? 'upstream_timeout' : 'upstream_invalid'];
  broken.same('status', status, 200);
  broken.same('attempts', headers.get('x-switchyard-attempts'), '1');
  broken.unless(!text.includes(TERMINATORS[cell.client]), 'has a terminator');
  const last = jsonOf(
    text
      .trimEnd()
      .split('\n')
      .at(-1)
      ?.replace(/^data: /, '') ?? '',
  );
  const error = objectOf(last['error']);
  if (cell.client === 'messages') {
    broken.unless(text.includes('event: error\n'), 'has no event of an error');
    broken.same('type', last['type'], 'error');
    broken.same('error.type', error['type'], row.anthropic);
    return;
  }
  const [choice] = Array.isArray(last['choices']) ? (last['choices'] as readonly unknown[]) : [];
  broken.same('finish_reason', objectOf(choice)['finish_reason'], 'error');
  broken.unless(typeof error['code'] === 'string', 'has an error without a code');
}

interface ExpectedRecord {
  readonly status: string;
  readonly model: string;
}

function checkRecord(cell: Cell, record: JsonObject, { status, model }: ExpectedRecord, broken: Findings): void {
  const attempts = Array.isArray(record['attempts']) ? (record['attempts'] as readonly unknown[]) : [];
  broken.same('recorded status', record['status'], status);
  broken.same('recorded model', record['model'], model);
  broken.same(
    'recorded attempts',
    JSON.stringify(attempts.map((attempt) => objectOf(attempt)['error_class'])),
    JSON.stringify(attemptsOf(cell)),
  );
}

function jsonOf(text: string): JsonObject {
  try {
    return objectOf(parseJson(text));
  } catch {
    return {};
  }
}

function objectOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

class Findings {
  readonly list: string[] = [];

  unless(holds: boolean, finding: string): void {
    if (!holds) this.list.push(finding);
  }

  same(what: string, found: unknown, wanted: unknown): void {
    if (!Object.is(found, wanted)) this.list.push(`${what} is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
  }
}
