import type { Reply } from '../client.js';
import { percentile, rounded } from '../verdict.js';
import type { Verdict } from '../verdict.js';

const GROWTH_MAX = 1.2;
/** Shared machines are late by this much for reasons of their own. */
const NOISE_MS = 15;

/** What those who behave notice of those who do not: their latency before and from a moment on (Unix milliseconds), and that all are served. */
export function compareLatency(verdict: Verdict, replies: readonly Reply[], fromMs: number): void {
  const p99 = (some: readonly Reply[]): number =>
    percentile(
      some.map(({ startedMs, endedMs }) => endedMs - startedMs),
      0.99,
    );
  const before = p99(replies.filter(({ startedMs }) => startedMs < fromMs));
  const during = p99(replies.filter(({ startedMs }) => startedMs >= fromMs));
  verdict.figure('healthy_p99_ms', { before: rounded(before), during: rounded(during) });
  verdict.expect('others wait longer', during <= before * GROWTH_MAX + NOISE_MS);
  verdict.same('others_not_served', replies.filter(({ status }) => status !== 200).length, 0);
}
