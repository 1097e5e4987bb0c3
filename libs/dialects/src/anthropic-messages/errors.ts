import { isJsonObject, parseJson } from '@switchyard/contract';
import type { FailureClass, JsonObject, UpstreamFailure } from '@switchyard/contract';
import { isContextOverflow, namesContextWindow } from '../context-overflow.js';
import { parseRetryAfter } from '../retry-after.js';
import { errorOf, readErrorBody, safeMessage } from '../upstream-text.js';
import type { ErrorBody } from '../upstream-text.js';

/** Error types of Anthropic's API (https://platform.claude.com/docs/en/api/errors), where the type alone decides. */
const CLASS_BY_TYPE = new Map<string, FailureClass>([
  ['authentication_error', 'auth'],
  ['permission_error', 'auth'],
  ['billing_error', 'billing'],
  ['not_found_error', 'not_found'],
  ['not_supported', 'not_found'],
  ['request_too_large', 'too_large'],
  ['rate_limit_error', 'rate_limited'],
  ['api_error', 'server'],
  ['conflict_error', 'server'],
  ['timeout_error', 'timeout'],
  ['overloaded_error', 'overloaded'],
  ['policy_blocked', 'content_policy'],
]);

const CLASS_BY_STATUS = new Map<number, FailureClass>([
  [401, 'auth'],
  [402, 'billing'],
  [403, 'auth'],
  [404, 'not_found'],
  [405, 'not_found'],
  [408, 'timeout'],
  [409, 'server'],
  [410, 'not_found'],
  [413, 'too_large'],
  [424, 'server'],
  [425, 'server'],
  [429, 'rate_limited'],
  [499, 'server'],
  [501, 'not_found'],
  [503, 'overloaded'],
  [504, 'timeout'],
  [522, 'connect'],
  [523, 'connect'],
  [524, 'timeout'],
  [529, 'overloaded'],
]);

/**
 * Refusals that are about this endpoint and not about the caller's request, and the word under which Anthropic's gateway
 * contract lets a gateway name them while it hides the wording: `capability_rejected: <word>`. First match wins.
 */
const CAPABILITIES: readonly (readonly [RegExp, string])[] = [
  [
    /signature in thinking block|invalid data in redacted_thinking|thinking\.signature|thinking.*cannot be modified|invalid.{0,20}signature/i,
    'thinking_signature',
  ],
  [/thinking\.type[^a-z]*enabled.*not supported|"?enabled"? thinking is not supported/i, 'thinking_type:enabled'],
  [/adaptive thinking is not supported|thinking\.type[^a-z]*adaptive/i, 'thinking_type:adaptive'],
  [/output_config\.format|output_format|structured outputs?.*not support/i, 'structured_outputs_unsupported'],
  [
    /effort parameter.*not support|does not support.*effort|output_config.*(?:effort|extra inputs)/i,
    'effort_unsupported',
  ],
  [
    /role ['"`]?system['"`]?.*not supported|unexpected role "system"|input should be 'user' or 'assistant'/i,
    'mid_conv_system',
  ],
  [/cache_control/i, 'cache_control_field'],
  [/too (?:much|many) (?:media|images?)|image count|many-image/i, 'media_budget'],
  [
    /image (?:exceeds|dimensions exceed)|could not process image|does not support image|image does not match/i,
    'image_block',
  ],
  [/could not process pdf|does not support pdf|pdf.*not supported/i, 'document_block'],
];

/** Other 400s that another endpoint of the same model may not answer with. */
const ENDPOINT_SPECIFIC =
  /extra inputs are not permitted|(?:is|are) not supported|does(?: not|n't) support|unsupported (?:parameter|value|field)|invalid beta flag|anthropic-beta|not available (?:on|for) this|prefill/i;
const BILLING =
  /credit balance|insufficient[_ ](?:quota|credits?|balance|funds)|spend_limit|billing (?:account|issue|hard limit)|billing_error|payment required/i;
const CONTENT_POLICY = /content[_ ](?:policy|filter)|usage polic|blocked by|safety (?:system|filter)|moderation/i;

/** The message where the upstream's wording must not pass. */
const OWN_MESSAGES: Readonly<Record<FailureClass, string>> = {
  connect: 'The upstream could not be reached.',
  timeout: 'The upstream timed out.',
  server: 'The upstream failed.',
  overloaded: 'The upstream is overloaded.',
  rate_limited: 'The upstream limited the rate of requests.',
  auth: 'The upstream refused the credential.',
  billing: 'The account at the upstream cannot pay for the request.',
  not_found: 'The upstream does not have this model or endpoint.',
  invalid_answer: 'The upstream answered with something that is not the protocol.',
  truncated: 'The upstream broke off.',
  endpoint_specific: 'The upstream does not support something in the request.',
  context_length: 'The prompt is too long for the model.',
  content_policy: 'The upstream refused the content.',
  invalid_request: 'The upstream found the request invalid.',
  too_large: 'The request is too large for the upstream.',
  client_gone: 'The client is gone.',
  hedge_lost: 'Another attempt was faster.',
};

/** Classes whose wording clients act on (they parse numbers and field paths out of it), so it passes, made safe. */
const WORDING_PASSES: ReadonlySet<FailureClass> = new Set(['context_length', 'invalid_request', 'too_large']);

/** Classifies an upstream's non-2xx answer. `body` may be anything; never throws. */
export function readError(
  status: number,
  body: string,
  headers: Readonly<Record<string, string | undefined>>,
  nowMs = Number.NaN,
): UpstreamFailure {
  const retryAfterS = parseRetryAfter(headers, nowMs);
  const failure = failureOf(status, readErrorBody(body));
  return retryAfterS === undefined ? failure : { ...failure, retryAfterS };
}

/** The failure in a body under a 200, where the body was to be a stream; null when it is no error. */
export function readErrorUnder200(body: string): UpstreamFailure | null {
  let value: unknown;
  try {
    value = parseJson(body);
  } catch {
    return null;
  }
  if (!isJsonObject(value)) return null;
  const speaks = value['type'] === 'error' || isJsonObject(value['error']) || typeof value['error'] === 'string';
  return speaks ? embeddedFailure(value) : null;
}

/** Classifies an error that came with status 200: as the body, or as an `error` event of a stream. */
export function embeddedFailure(value: JsonObject): UpstreamFailure {
  const error = errorOf(value);
  const code = Number(error.code);
  return failureOf(code >= 400 && code < 600 ? code : 200, error);
}

function failureOf(status: number, error: ErrorBody): UpstreamFailure {
  const failureClass = classify(status, error);
  return {
    class: failureClass,
    status,
    message: messageOf(failureClass, error),
    ...(error.param !== '' && WORDING_PASSES.has(failureClass) && { param: safeMessage(error.param) }),
  };
}

function classify(status: number, error: ErrorBody): FailureClass {
  const text = `${error.message} ${error.code}`;
  if (status === 413) return namesContextWindow(text) ? 'context_length' : 'too_large';
  if (status === 429 && (error.type === 'billing_error' || BILLING.test(text))) return 'billing';
  if (status >= 300 && status < 400) return 'invalid_answer';
  const byStatus = CLASS_BY_STATUS.get(status);
  if (byStatus) return byStatus;
  if (status >= 500) return 'server';
  const byType = CLASS_BY_TYPE.get(error.type);
  if (byType) return byType;
  return status < 300 && error.type !== 'invalid_request_error' ? 'server' : classifyBadRequest(text);
}

/** A 400 or 422, by its wording. */
function classifyBadRequest(text: string): FailureClass {
  if (isContextOverflow(text)) return 'context_length';
  if (BILLING.test(text)) return 'billing';
  if (capabilityOf(text) !== undefined || ENDPOINT_SPECIFIC.test(text)) return 'endpoint_specific';
  if (CONTENT_POLICY.test(text)) return 'content_policy';
  return 'invalid_request';
}

function messageOf(failureClass: FailureClass, error: ErrorBody): string {
  if (WORDING_PASSES.has(failureClass) && error.message !== '') return safeMessage(error.message);
  const capability = failureClass === 'endpoint_specific' ? capabilityOf(error.message) : undefined;
  return capability === undefined ? OWN_MESSAGES[failureClass] : `capability_rejected: ${capability}`;
}

function capabilityOf(text: string): string | undefined {
  return CAPABILITIES.find(([pattern]) => pattern.test(text))?.[1];
}
