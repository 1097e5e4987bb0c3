import { parseArgs } from 'node:util';

export interface BenchOptions {
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly windowMs: number;
  readonly latencyWindowMs: number;
  /** Requests before the first round, so that the compiler is done with the hot functions ... */
  readonly rehearsalAnswers: number;
  /** ... or as many as fit into this time. */
  readonly rehearsalMaxMs: number;
  /** Everything is stopped after this time, whatever is missing. */
  readonly totalMaxMs: number;
  /** Where the figures go as JSON; null = nowhere. */
  readonly jsonFile: string | null;
}

const FULL = {
  rounds: 5,
  warmUpMs: 500,
  windowMs: 2_500,
  latencyWindowMs: 4_000,
  rehearsalAnswers: 60_000,
  rehearsalMaxMs: 30_000,
  totalMaxMs: 1_500_000,
};

const QUICK = {
  rounds: 2,
  warmUpMs: 150,
  windowMs: 700,
  latencyWindowMs: 700,
  rehearsalAnswers: 80_000,
  rehearsalMaxMs: 20_000,
  totalMaxMs: 480_000,
};

export const USAGE = `npm run bench -- [--quick] [--rounds N] [--json FILE]
  --quick      about five minutes: shorter windows, two rounds
  --rounds N   how often every case is measured; the medians are reported
  --json FILE  also write every figure of every round
`;

/** Reads the command line. Throws with a sentence for people when it is not understood. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { quick: { type: 'boolean' }, rounds: { type: 'string' }, json: { type: 'string' } },
  });
  const base = values.quick === true ? QUICK : FULL;
  const rounds = values.rounds === undefined ? base.rounds : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 50) throw new Error('--rounds: a whole number from 1 to 50.');
  return { ...base, rounds, jsonFile: values.json ?? null };
}
