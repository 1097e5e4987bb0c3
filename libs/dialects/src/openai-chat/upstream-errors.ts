import { parseJson, UpstreamError } from '@switchyard/contract';
import type { FailureClass, JsonObject, JsonValue, UpstreamFailure } from '@switchyard/contract';
import { isContextOverflow } from '../context-overflow.js';
import { parseRetryAfter } from '../retry-after.js';
import { safeMessage } from '../upstream-text.js';
import { listOf, numberOf, objectOf, objectsOf, textOf } from './fields.js';

/** What can be found in the error bodies of OpenAI-compatible hosts, whatever their shape. */
interface FoundError {
  readonly message: string;
  readonly type: string;
  readonly code: string;
  /** HTTP status: the answer's, or the one a host put into `code` of a 200. */
  readonly status: number | null;
  readonly param?: string;
  readonly flagged: boolean;
}

/** Classifies a non-2xx answer. `body` may be JSON of any host, HTML or nothing. */
export function readError(
  status: number,
  body: string,
  headers: Readonly<Record<string, string | undefined>>,
  nowMs = Number.NaN,
): UpstreamFailure {
  const found = findError(parseLoosely(body), status);
  const retryAfterS = parseRetryAfter(headers, nowMs);
  return { ...failureOf(found), ...(retryAfterS !== undefined && { retryAfterS }) };
}

/** The failure in a body under a 200, where the body was to be a stream; null when it is no error. */
export function readErrorUnder200(body: string): UpstreamFailure | null {
  const json = objectOf(parseLoosely(body));
  return json === undefined ? null : (errorInBody(json)?.failure ?? null);
}

/** The failure inside a 200: an error chunk of a stream, or an error body under a good status. */
export function innerError(error: JsonValue | undefined): UpstreamError {
  return new UpstreamError(failureOf(findError(error, null)));
}

export function invalidAnswer(what: string): UpstreamError {
  return new UpstreamError({ class: 'invalid_answer', status: 200, message: `The upstream answered with ${what}.` });
}

export function truncated(): UpstreamError {
  return new UpstreamError({ class: 'truncated', status: 200, message: 'The upstream ended the stream early.' });
}

/** DeepSeek's `insufficient_system_resource`: the answer was cut because the host ran out of capacity. */
export function outOfResources(): UpstreamError {
  return new UpstreamError({ class: 'overloaded', status: 200, message: OWN_WORDS.overloaded });
}

/**
 * The error that a body under a good status amounts to, or null. Beside OpenAI's `error`: vLLM's `object: error`,
 * FastAPI's `detail`, MiniMax's `base_resp.status_code`.
 */
export function errorInBody(body: JsonObject): UpstreamError | null {
  const { error } = body;
  if (error !== undefined && error !== null && error !== false && error !== '') return innerError(body);
  const status = numberOf(objectOf(body['base_resp'])?.['status_code']);
  if (status !== undefined && status !== 0) return innerError(body);
  if (Array.isArray(body['choices'])) return null;
  const speaks = body['object'] === 'error' || body['type'] === 'error' || body['detail'] !== undefined;
  return speaks ? innerError(body) : null;
}

function parseLoosely(body: string): JsonValue | undefined {
  try {
    return parseJson(body);
  } catch {
    return undefined;
  }
}

function findError(value: JsonValue | undefined, status: number | null): FoundError {
  const first = Array.isArray(value) ? (value as readonly JsonValue[])[0] : value;
  const outer = objectOf(first);
  const inner = objectOf(outer?.['error']) ?? outer ?? {};
  const resp = objectOf(inner['base_resp']);
  const metadata = objectOf(inner['metadata']);
  const code = inner['code'] ?? resp?.['status_code'];
  const message =
    rawMessage(metadata) ??
    textOf(inner['message']) ??
    textOf(outer?.['error']) ??
    textOf(first) ??
    textOf(resp?.['status_msg']) ??
    detailOf(inner['detail']) ??
    textOf(objectsOf(inner['errors'])[0]?.['message']) ??
    '';
  const param = textOf(inner['param']);
  return {
    message,
    type: textOf(inner['type']) ?? textOf(inner['status']) ?? '',
    code: typeof code === 'number' ? String(code) : (textOf(code) ?? ''),
    status: status ?? statusIn(code) ?? statusIn(inner['status']) ?? statusIn(inner['status_code']) ?? null,
    flagged: listOf(metadata?.['reasons']).length > 0 || inner['content_filter_results'] !== undefined,
    ...(param !== undefined && { param }),
  };
}

/** OpenRouter hides the host's own words in `metadata.raw` behind "Provider returned error". */
function rawMessage(metadata: JsonObject | undefined): string | undefined {
  const raw = textOf(metadata?.['raw']);
  if (raw === undefined) return undefined;
  const parsed = parseLoosely(raw);
  if (parsed === undefined || typeof parsed === 'string') return raw;
  const inner = findError(parsed, null).message;
  return inner === '' ? undefined : inner;
}

/** FastAPI's `detail`: text, or a list of `{ loc, msg }`. */
function detailOf(detail: JsonValue | undefined): string | undefined {
  const found = textOf(detail);
  if (found !== undefined) return found;
  const faults = objectsOf(detail).map(
    (fault) => `${listOf(fault['loc']).map(stepOf).join('.')}: ${textOf(fault['msg']) ?? ''}`,
  );
  return faults.length > 0 ? faults.join('; ') : textOf(objectOf(detail)?.['message']);
}

/** A step of a path: a key or an index. */
function stepOf(step: JsonValue): string {
  return typeof step === 'string' || typeof step === 'number' ? String(step) : '';
}

function statusIn(code: JsonValue | undefined): number | undefined {
  const status = typeof code === 'string' && /^[45]\d\d$/.test(code) ? Number(code) : numberOf(code);
  return status !== undefined && status >= 400 && status <= 599 ? status : undefined;
}

const QUOTA = /insufficient_quota|insufficient balance|exceeded your current quota|billing|credit balance|arrearage/i;
const KEY = /invalid_api_key|api key not valid|incorrect api key|authentication_error|invalid_authentication/i;
const NO_MODEL =
  /model_not_found|model_not_exist|no such model|model .{0,200}(does not exist|not found|is not a valid model)/i;
const POLICY =
  /content_policy_violation|content_filter|responsibleai|data_inspection_failed|moderation|policy_violation/i;
const OVERLOADED =
  /overloaded|over_capacity|capacity_exceeded|server_is_overloaded|temporarily unavailable|no capacity/i;
const RATE = /rate_limit|rate limit|too many requests|tokens per (minute|day)|requests per (minute|day)/i;
/** A 400 about what this host or model takes, which another one may well take. */
const ENDPOINT =
  /unsupported_(parameter|value)|unsupported (parameter|value)|not supported|does(n't| not) support|is not (available|allowed) (with|for) th|extra inputs are not permitted|extra_forbidden|unknown (parameter|argument)|unrecognized request argument|too many images|at most \d+ image|reasoning_content|thought_signature|invalid signature|use \/v1\/responses/i;

function failureOf(found: FoundError): UpstreamFailure {
  const failureClass = classOf(found);
  const passes =
    failureClass === 'context_length' || failureClass === 'invalid_request' || failureClass === 'too_large';
  const wording = passes ? safeMessage(found.message) : '';
  return {
    class: failureClass,
    status: found.status,
    message: wording === '' ? OWN_WORDS[failureClass] : wording,
    ...(passes && found.param !== undefined && { param: found.param }),
  };
}

function classOf(found: FoundError): FailureClass {
  const words = `${found.code} ${found.type} ${found.message}`;
  const { status } = found;
  const blamesRequest = status === null || (status >= 400 && status < 500 && status !== 429);
  if (blamesRequest && RATE.test(`${found.code} ${found.type}`)) return 'rate_limited';
  if (blamesRequest && (found.code === 'context_length_exceeded' || isContextOverflow(found.message))) {
    return 'context_length';
  }
  if (status === null) return classOfWords(words);
  if (status === 429) return QUOTA.test(words) ? 'billing' : 'rate_limited';
  if (status === 400 || status === 422) return classOfBadRequest(found, words);
  return classOfStatus(status, found, words);
}

function classOfStatus(status: number, found: FoundError, words: string): FailureClass {
  switch (status) {
    case 401:
      return 'auth';
    case 402:
      return 'billing';
    case 403:
      return found.flagged || POLICY.test(words) ? 'content_policy' : 'auth';
    case 404:
    case 405:
    case 410:
      return 'not_found';
    case 408:
    case 504:
    case 522:
    case 524:
      return 'timeout';
    case 413:
      return 'too_large';
    case 415:
      return 'invalid_request';
    // Groq's flex capacity.
    case 498:
    case 503:
    case 529:
      return 'overloaded';
    default:
      return status >= 500 && OVERLOADED.test(words) ? 'overloaded' : 'server';
  }
}

function classOfBadRequest(found: FoundError, words: string): FailureClass {
  if (found.flagged || POLICY.test(words)) return 'content_policy';
  if (KEY.test(words)) return 'auth';
  if (QUOTA.test(words)) return 'billing';
  if (NO_MODEL.test(words)) return 'not_found';
  return ENDPOINT.test(words) ? 'endpoint_specific' : 'invalid_request';
}

/** Without a status, as in a stream, the words decide; silence means the host broke. */
function classOfWords(words: string): FailureClass {
  if (QUOTA.test(words)) return 'billing';
  if (RATE.test(words)) return 'rate_limited';
  if (OVERLOADED.test(words)) return 'overloaded';
  if (POLICY.test(words)) return 'content_policy';
  if (KEY.test(words)) return 'auth';
  if (NO_MODEL.test(words)) return 'not_found';
  if (/time(d )?[-_ ]?out/i.test(words)) return 'timeout';
  if (/invalid_request/i.test(words)) return ENDPOINT.test(words) ? 'endpoint_specific' : 'invalid_request';
  return 'server';
}

const OWN_WORDS: Readonly<Record<FailureClass, string>> = {
  connect: 'The upstream could not be reached.',
  timeout: 'The upstream took too long.',
  server: 'The upstream failed.',
  overloaded: 'The upstream is overloaded.',
  rate_limited: 'The upstream is rate limited.',
  auth: 'The upstream refused the credential configured for it.',
  billing: 'The account at the upstream is out of credit.',
  not_found: 'The upstream does not know the model.',
  invalid_answer: 'The upstream gave an answer that cannot be read.',
  truncated: 'The upstream ended the stream early.',
  endpoint_specific: 'The endpoint does not take a part of this request.',
  context_length: 'The prompt is longer than the context of the endpoint.',
  content_policy: 'The upstream refused the content of this request.',
  invalid_request: 'The upstream refused the request as invalid.',
  too_large: 'The request is too large for the upstream.',
  client_gone: 'The client went away.',
  hedge_lost: 'Another attempt was faster.',
};
