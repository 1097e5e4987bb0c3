import type { ProviderFault } from '../../apps/simulator/src/index.js';

/** What became of one request that reached the upstream. Times are Unix milliseconds. */
export interface Sighting {
  /** The tag that the client put into the prompt; `''` = none. */
  readonly tag: string;
  /** That was asked; `''` = the path names none. */
  readonly provider: string;
  readonly startedMs: number;
  /** `null` = still being answered. */
  readonly endedMs: number | null;
  /** The gateway went before the answer was complete. */
  readonly isAborted: boolean;
  /** Of the content that was streamed. */
  readonly tokens: number;
}

export interface UpstreamReport {
  readonly sightings: readonly Sighting[];
  /** The most requests that were answered at the same time. */
  readonly mostInFlight: number;
}

/** What the parent asks of the upstream's process. `take` forgets what it reports, but for what is still being answered. */
export interface UpstreamQuestion {
  readonly number: number;
  readonly ask: 'look' | 'take';
}

/** What a provider does wrong from now on, told to the upstream's process. */
export interface UpstreamFaults {
  readonly provider: string;
  readonly faults: readonly ProviderFault[];
}

export type UpstreamMessage = { readonly url: string } | { readonly number: number; readonly report: UpstreamReport };

const TAG = /tag-([\w.-]+)/;

/** The prompt of a request that its tag can be read from. */
export function taggedPrompt(tag: string, rest: string): string {
  return `tag-${tag} ${rest}`;
}

/** `''` = it has none. */
export function tagIn(body: string): string {
  return TAG.exec(body)?.[1] ?? '';
}
