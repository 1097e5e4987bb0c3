import type { Reply } from '../client.js';
import { percentile } from '../verdict.js';
import type { Verdict } from '../verdict.js';

interface Phase {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** How long answers took in the phases of an experiment. */
export class Durations {
  private readonly phases: Phase[] = [];

  /** A name may be given to several stretches of time: they are judged together. */
  async during<Answer>(name: string, what: () => Promise<Answer>): Promise<Answer> {
    const startMs = Date.now();
    const answer = await what();
    this.phases.push({ name, startMs, endMs: Date.now() });
    return answer;
  }

  /** Milliseconds of all requests that began in a phase. */
  of(name: string, replies: readonly Reply[]): number[] {
    const stretches = this.phases.filter((phase) => phase.name === name);
    const isIn = ({ startedMs }: Reply): boolean =>
      stretches.some(({ startMs, endMs }) => startedMs >= startMs && startedMs < endMs);
    return replies.filter(isIn).map(({ startedMs, endedMs }) => endedMs - startedMs);
  }

  /** Median, 99th percentile and maximum of every phase, as figures. */
  report(verdict: Verdict, replies: readonly Reply[]): void {
    for (const name of new Set(this.phases.map((phase) => phase.name))) {
      const all = this.of(name, replies);
      verdict.figure(`ms ${name}`, {
        p50: percentile(all, 0.5),
        p99: percentile(all, 0.99),
        most: Math.max(0, ...all),
      });
    }
  }
}
