import { ZERO_USAGE, totalInput, totalOutput } from '@switchyard/contract';
import type { JudgedUsage, Usage, UsageEvidence } from '@switchyard/contract';
import { estimateOutputTokens } from './estimate.js';

/** What an upstream said of tokens, as the dialects read it. */
export interface ReportedUsage {
  /** False: it said nothing. */
  readonly present: boolean;
  readonly usage: Usage;
  /** Names of what was clamped or ignored on reading. */
  readonly suspect: readonly string[];
}

/** Why a report was not taken as it was. */
export type UsageDoubt =
  | 'not_counts'
  | 'no_input'
  | 'no_output'
  | 'output_above_limit'
  | 'absurd_input'
  | 'absurd_output'
  | 'absurd_web_searches';

/** Ten rounds of server tools over the longest contexts there are. */
const MOST_INPUT_TOKENS = 100_000_000;
/** More than the fastest hosts write within the longest time limit. */
const MOST_OUTPUT_TOKENS = 10_000_000;
const MOST_WEB_SEARCHES = 1_000;

/** The densest scripts have about a token a character; older vocabularies need more. English has a quarter. */
const MOST_TOKENS_PER_CHARACTER = 1.5;
/** End marks, tool names and the like, which are tokens and not content. */
const UNSEEN_TOKENS = 256;

/**
 * Decides which counts are charged: the upstream's report, or an estimate in the place of what cannot be true. Input and
 * output are judged apart, so that a wrong count does not cost a right one. `source` is `estimated` when any part is.
 *
 * A truthful report always stands. Reasoning is seen by nobody but the upstream and is judged by the absurd alone, and
 * output is held against a limit only where one was declared. A report of zeros stands when nothing was delivered.
 * Of a broken answer the report so far or the estimate of what was delivered counts, whichever says more output, up to
 * the declared limit.
 */
export function judgeUsage(report: ReportedUsage, evidence: UsageEvidence): JudgedUsage {
  const doubts = new Set<UsageDoubt>();
  if (!report.present || !areCounts(report.usage)) {
    if (report.present) doubts.add('not_counts');
    const usage = { ...ZERO_USAGE, ...estimatedInput(evidence), ...estimatedOutput(evidence) };
    return { usage, source: 'estimated', suspect: [...report.suspect, ...doubts] };
  }
  const usage = {
    ...report.usage,
    ...judgedInput(report.usage, evidence, doubts),
    ...judgedOutput(report.usage, evidence, doubts),
    ...judgedSearches(report.usage, doubts),
  };
  const source = doubts.size > 0 ? 'estimated' : evidence.broken ? 'partial' : 'upstream';
  return { usage, source, suspect: [...report.suspect, ...doubts] };
}

type InputCounts = Pick<Usage, 'uncachedInput' | 'cacheRead' | 'cacheWrite5m' | 'cacheWrite1h' | 'audioInput'>;
type OutputCounts = Pick<Usage, 'output' | 'reasoning' | 'imageOutput' | 'audioOutput'>;

function areCounts(usage: Usage): boolean {
  return Object.values(usage).every((count) => Number.isSafeInteger(count) && count >= 0);
}

function estimatedInput({ promptTokensEstimate }: UsageEvidence): InputCounts {
  return { uncachedInput: promptTokensEstimate, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, audioInput: 0 };
}

function estimatedOutput(evidence: UsageEvidence): OutputCounts {
  return { output: seenOutput(evidence), reasoning: 0, imageOutput: 0, audioOutput: 0 };
}

/** What was delivered, as far as it was asked for: what an upstream wrote beyond the declared limit is not the caller's. */
function seenOutput(evidence: UsageEvidence): number {
  return Math.min(estimateOutputTokens(evidence.contentLength), declaredOutput(evidence));
}

function declaredOutput({ maxOutputTokens, choices }: UsageEvidence): number {
  return maxOutputTokens === null ? Infinity : maxOutputTokens * choices;
}

function judgedInput(usage: Usage, evidence: UsageEvidence, doubts: Set<UsageDoubt>): Partial<InputCounts> {
  const tokens = totalInput(usage);
  const wasAnswered = evidence.contentLength > 0 || totalOutput(usage) > 0;
  if (tokens > MOST_INPUT_TOKENS) doubts.add('absurd_input');
  else if (tokens === 0 && wasAnswered) doubts.add('no_input');
  else return {};
  return estimatedInput(evidence);
}

function judgedOutput(usage: Usage, evidence: UsageEvidence, doubts: Set<UsageDoubt>): Partial<OutputCounts> {
  const tokens = totalOutput(usage);
  if (tokens > MOST_OUTPUT_TOKENS) {
    doubts.add('absurd_output');
    return estimatedOutput(evidence);
  }
  const seen = seenOutput(evidence);
  if (usage.output > mostOutput(evidence)) doubts.add('output_above_limit');
  else if (evidence.broken)
    return { output: Math.min(Math.max(usage.output, seen - usage.reasoning), declaredOutput(evidence)) };
  else if (tokens === 0 && seen > 0) doubts.add('no_output');
  else return {};
  return { output: seen };
}

function mostOutput(evidence: UsageEvidence): number {
  return Math.max(declaredOutput(evidence), evidence.contentLength * MOST_TOKENS_PER_CHARACTER) + UNSEEN_TOKENS;
}

function judgedSearches({ webSearches }: Usage, doubts: Set<UsageDoubt>): Partial<Usage> {
  if (webSearches <= MOST_WEB_SEARCHES) return {};
  doubts.add('absurd_web_searches');
  return { webSearches: 0 };
}
