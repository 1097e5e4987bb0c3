/** What an experiment found: its figures, and which of its promises did not hold. */
export class Verdict {
  private readonly figures: Record<string, unknown> = {};
  private readonly broken: string[] = [];

  constructor(readonly experiment: string) {}

  get isOk(): boolean {
    return this.broken.length === 0;
  }

  get failures(): readonly string[] {
    return this.broken;
  }

  figure(name: string, value: unknown): void {
    this.figures[name] = value;
  }

  /** `promise` is what is said when it does not hold. */
  expect(promise: string, holds: boolean): void {
    if (!holds) this.broken.push(promise);
  }

  /** Both are shown as a figure, and are to be equal. */
  same(name: string, found: unknown, wanted: unknown): void {
    this.figure(name, found);
    this.expect(`${name} is ${String(found)}, not ${String(wanted)}`, Object.is(found, wanted));
  }

  /** One line of JSON. */
  get line(): string {
    const verdict = this.isOk ? {} : { broken: this.broken };
    return JSON.stringify({ experiment: this.experiment, ok: this.isOk, ...this.figures, ...verdict });
  }
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export function rounded(value: number, digits = 0): number {
  return Number(value.toFixed(digits));
}
