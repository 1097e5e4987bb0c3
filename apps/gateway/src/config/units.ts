export const BYTES_PER_MIB = 1024 * 1024;

/** At least 1: most timers take 0 for "never". */
export function milliseconds(seconds: number): number {
  return Math.max(1, Math.round(seconds * 1000));
}
