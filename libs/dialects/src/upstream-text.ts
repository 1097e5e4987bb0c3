import { isJsonObject } from '@switchyard/contract';
import type { JsonObject } from '@switchyard/contract';

const LONGEST_MESSAGE = 500;

/** What must not leave with an upstream's wording: secrets, addresses, and names of the operator's accounts there. */
const REDACTIONS: readonly (readonly [RegExp, string])[] = [
  [/\b[a-z][a-z0-9+.-]{0,20}:\/\/\S+/gi, '[url]'],
  [/\barn:[a-z0-9-]*:\S+/gi, '[resource]'],
  [/\bprojects?[/ ]+["'`]?[\w.:-]*\d[\w.:-]*/gi, '[project]'],
  [/\b(?:org|proj|acct|workspace|wrkspc|user)[-_][A-Za-z0-9]{8,}\b/g, '[account]'],
  [/\b(?:bearer|basic)\s+[\w.~+/=-]{8,}/gi, '[secret]'],
  [/\b(?:sk|pk|rk|gsk|xai|key|AIza|AKIA|ghp|hf|nvapi)[-_]?[A-Za-z0-9_*-]{12,}/g, '[secret]'],
  [/\b(?:api[-_ ]?key|token|secret|password)(?:["']?\s*[:=]\s*)["']?[^\s"',;&]{4,}/gi, '[secret]'],
];

/**
 * An upstream's wording made safe to repeat to the caller: redacted first, then cut to 500 characters, in one line.
 * The numbers of "prompt is too long: 250000 tokens > 200000 maximum" survive, which clients parse.
 */
export function safeMessage(text: string): string {
  let safe = text;
  for (const [pattern, replacement] of REDACTIONS) safe = safe.replace(pattern, replacement);
  // eslint-disable-next-line no-control-regex -- control characters are exactly what has to go
  safe = safe.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ').trim();
  return safe.length > LONGEST_MESSAGE ? `${safe.slice(0, LONGEST_MESSAGE - 1)}…` : safe;
}

/** What an upstream's error body says, whichever of the common shapes it has; empty strings where it says nothing. */
export interface ErrorBody {
  readonly type: string;
  readonly code: string;
  readonly message: string;
  readonly param: string;
}

/** Reads an error body: JSON of Anthropic's, OpenAI's or FastAPI's shape. Anything else (HTML, text) says nothing. Never throws. */
export function readErrorBody(text: string): ErrorBody {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { type: '', code: '', message: '', param: '' };
  }
  return errorOf(Array.isArray(parsed) ? (parsed[0] as unknown) : parsed);
}

/** The same, from JSON already parsed: an error inside a 200 or an event. */
export function errorOf(value: unknown): ErrorBody {
  const body: JsonObject = isJsonObject(value) ? value : {};
  const error: JsonObject = isJsonObject(body['error']) ? body['error'] : body;
  return {
    type: textOf(error['type']),
    code: textOf(error['code']),
    message: textOf(error['message']) || textOf(body['error']) || textOf(body['detail']) || textOf(body['message']),
    param: textOf(error['param']),
  };
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : '';
}
