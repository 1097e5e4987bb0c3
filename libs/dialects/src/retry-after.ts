/** A day: longer waits are as good as "never" for a router, and a hostile value must not overflow a timer. */
const LONGEST_WAIT_S = 86_400;

const UNIT_SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400 };

const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;
const DURATION_PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g;

/**
 * Seconds to wait, from the headers of a refusal; `undefined` when they say nothing usable. Never throws.
 * Understands `retry-after-ms`, and `retry-after` as seconds, as an HTTP date, and as a duration (`7m12s`, `120ms`:
 * OpenAI's and Groq's form); then the reset header of whichever quota is used up (`x-ratelimit-reset-tokens: 1.5s`).
 *
 * Dates are held against the upstream's own clock where it says its time, so that the two machines' clocks need not agree.
 *
 * @param headers names in lower case
 * @param nowMs the clock where the upstream has none, Unix milliseconds; `NaN` = dates cannot be understood
 */
export function parseRetryAfter(
  headers: Readonly<Record<string, string | undefined>>,
  nowMs: number,
): number | undefined {
  const theirMs = Date.parse(headers['date'] ?? '');
  const clockMs = Number.isNaN(theirMs) ? nowMs : theirMs;
  const milliseconds = headers['retry-after-ms']?.trim();
  if (milliseconds !== undefined && isPlainNumber(milliseconds)) return bounded(Number(milliseconds) / 1_000);
  const stated = parseWait(headers['retry-after'], clockMs);
  if (stated !== undefined) return stated;
  const resets = ['requests', 'tokens']
    .filter((quota) => headers[`x-ratelimit-remaining-${quota}`]?.trim() === '0')
    .map((quota) => parseWait(headers[`x-ratelimit-reset-${quota}`], clockMs))
    .filter((wait) => wait !== undefined);
  return resets.length > 0 ? Math.max(...resets) : undefined;
}

/** Seconds out of one value: a number of seconds, a duration (`7m12s`) or a date; `undefined` for anything else. */
export function parseWait(text: string | undefined, nowMs: number): number | undefined {
  const trimmed = text?.trim() ?? '';
  if (isPlainNumber(trimmed)) return bounded(Number(trimmed));
  if (DURATION.test(trimmed)) return bounded(durationSeconds(trimmed));
  // Only what names a weekday or a full date is a date: Date.parse would take "-5" for a month.
  const dateMs = /^[A-Za-z]{3}|^\d{4}-\d{2}-\d{2}T/.test(trimmed) ? Date.parse(trimmed) : Number.NaN;
  return Number.isFinite(dateMs - nowMs) ? bounded((dateMs - nowMs) / 1_000) : undefined;
}

function durationSeconds(text: string): number {
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(DURATION_PART)) {
    seconds += Number(amount) * (UNIT_SECONDS[unit ?? ''] ?? 0);
  }
  return seconds;
}

function isPlainNumber(text: string): boolean {
  return /^\d+(?:\.\d+)?$/.test(text);
}

function bounded(seconds: number): number {
  return Math.min(Math.max(seconds, 0), LONGEST_WAIT_S);
}
