/** RFC 3339, or a date alone: a time without its offset would mean another moment on another machine. */
const MOMENT = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))?$/;
const UNIX_SECONDS = /^\d{1,11}(?:\.\d{1,3})?$/;

/** Unix milliseconds of a date (at 0:00 UTC) or of a time with its offset; `null` for anything else. */
export function momentOf(text: string): number | null {
  if (!MOMENT.test(text)) return null;
  const timeMs = Date.parse(text);
  return Number.isFinite(timeMs) ? timeMs : null;
}

/** Like `momentOf`, and also takes Unix seconds. */
export function queriedMoment(text: string): number | null {
  return UNIX_SECONDS.test(text) ? Math.round(Number(text) * 1_000) : momentOf(text);
}
