const DIGITS = 8;
const NAME = /^(\d{8,15})\.journal$/;

/** `00000001.journal`: names in the order of their numbers. */
export function segmentName(number: number): string {
  return `${String(number).padStart(DIGITS, '0')}.journal`;
}

/** `null` = no segment. */
export function segmentNumber(name: string): number | null {
  const digits = NAME.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}
