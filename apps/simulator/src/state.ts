import { FaultSelection } from './faults/selection.js';
import type { SimulatorOptions } from './options.js';
import { AT_ONCE, type Pace } from './pace.js';
import { PromptCache } from './prompt-cache.js';
import { Recorder } from './recorder.js';
import { Signer } from './signature.js';

/** What one simulator remembers from request to request. */
export interface SimulatorState {
  readonly options: SimulatorOptions;
  readonly seed: number;
  readonly pace: Pace;
  readonly recorder: Recorder;
  readonly cache: PromptCache;
  readonly signer: Signer;
  readonly faults: FaultSelection;
  /** Counts requests, for their ids. */
  served: number;
}

export function newState(options: SimulatorOptions): SimulatorState {
  const seed = options.seed ?? 1;
  return {
    options,
    seed,
    pace: {
      tokensPerSecond: options.tokensPerSecond ?? AT_ONCE.tokensPerSecond,
      timeToFirstTokenMs: options.timeToFirstTokenMs ?? AT_ONCE.timeToFirstTokenMs,
    },
    recorder: new Recorder(),
    cache: new PromptCache(),
    signer: new Signer(seed),
    faults: new FaultSelection(seed, options.providerFaults),
    served: 0,
  };
}
