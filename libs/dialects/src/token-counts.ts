import type { JsonObject } from '@switchyard/contract';

/** No answer has this many tokens: a larger figure is a fault of whoever counted, and would poison every sum it got into. */
const MOST_TOKENS = 2 ** 31 - 1;

/** True for what can be a count of tokens. */
export function isTokenCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MOST_TOKENS;
}

/** Reads the counts of one report. What is no count, or does not fit into its whole, is left out and named. */
export class CountReader {
  private readonly names = new Set<string>();

  get suspect(): readonly string[] {
    return [...this.names];
  }

  /** `undefined` when the count is absent, `null` or no count. `name` is what to call it, where the key alone says too little. */
  read(owner: JsonObject | undefined, key: string, name = key): number | undefined {
    const value = owner?.[key];
    if (value === undefined || value === null) return undefined;
    if (isTokenCount(value)) return value;
    this.names.add(name);
    return undefined;
  }

  /** Hands out the parts of a whole. A part larger than what is left is cut to it and named. */
  share(whole: number): Share {
    let left = whole;
    return {
      take: (name, part) => {
        const taken = Math.min(part, left);
        if (taken < part) this.names.add(name);
        left -= taken;
        return taken;
      },
      rest: () => left,
    };
  }
}

/** A whole that is being given out in parts. */
interface Share {
  readonly take: (name: string, part: number) => number;
  readonly rest: () => number;
}
