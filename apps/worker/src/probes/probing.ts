import type { Model, UpstreamFailure } from '@switchyard/contract';
import type { HealthTracker, ProbeAsk } from '@switchyard/dispatch';

/** What probes need of the process they run in. Settings and models are read anew in every run. */
export interface Probing {
  readonly settings: { readonly mode: 'off' | ProbeAsk['mode']; readonly intervalMs: number };
  /** Of the catalogue in force. */
  readonly models: readonly Model[];
  readonly health: Pick<
    HealthTracker,
    'circuitOf' | 'seenAtMs' | 'isCredentialRested' | 'recordAnsweredProbe' | 'recordFailure'
  >;
  /** The clock of `health`. */
  readonly nowMs: () => number;
  /** Since when `health` sees what happens in the deployment. */
  readonly sinceMs: number;
  /** Resolves with what went wrong, `null` = it was answered. */
  readonly probe: (ask: ProbeAsk) => Promise<UpstreamFailure | null>;
  /** True for one process of the deployment within this time. */
  readonly claim: (name: string, forMs: number) => Promise<boolean>;
  readonly onResult: (mode: ProbeAsk['mode'], result: 'passed' | 'failed') => void;
}
