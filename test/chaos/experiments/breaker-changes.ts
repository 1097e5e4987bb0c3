import { isJsonObject, parseJson } from '@switchyard/contract';

/** A change of what a process thinks of Redis, as its log tells it. */
export interface BreakerLine {
  /** Unix milliseconds. */
  readonly atMs: number;
  readonly to: string;
  /** Names the process. */
  readonly role: string;
}

/** Of all processes that write into this log, oldest first. */
export function breakerChanges(log: string): BreakerLine[] {
  return log.split('\n').flatMap((line) => {
    if (!line.includes('"breaker"')) return [];
    const entry = parseJson(line);
    if (!isJsonObject(entry)) return [];
    const { time, to, role } = entry;
    const atMs = typeof time === 'string' ? Date.parse(time) : Number(time);
    return typeof to === 'string' && typeof role === 'string' ? [{ atMs, to, role }] : [];
  });
}

/** Lines of warnings and worse that tell no change of mind about Redis. */
export function otherWarnings(log: string): string[] {
  const isOther = (line: string): boolean => !line.includes('"breaker"') && !line.includes('"path"');
  return log.split('\n').filter((line) => /"level":[456]0/.test(line) && isOther(line));
}
