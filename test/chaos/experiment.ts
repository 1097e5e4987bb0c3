import type { Program } from './programs.js';
import type { Verdict } from './verdict.js';

export interface ExperimentOptions {
  readonly program: Program;
  /** Minutes become seconds and twenty rounds three: to see that it works. */
  readonly isQuick: boolean;
}

/** Does something to running gateways and finds out whether their promises hold. Every process it started has ended when it resolves. */
export type Experiment = (options: ExperimentOptions) => Promise<readonly Verdict[]>;
