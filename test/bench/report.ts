/** From the figures of all rounds to the tables and ratios that people read: medians, never the best round. */
import type { Measurement } from './measure.ts';
import type { SystemName } from './systems.ts';
import type { AnswerKind, BodySize } from './workload.ts';

export interface CaseSummary {
  readonly system: SystemName;
  readonly kind: AnswerKind;
  readonly size: BodySize;
  readonly answersPerSecond: number;
  readonly eventsPerSecond: number;
  readonly cpuMicrosecondsPerAnswer: number | null;
  readonly cpuMicrosecondsPerEvent: number | null;
  readonly residentMegabytes: number | null;
  /** Latency above that of asking the upstream itself in the same round. */
  readonly addedP50Ms: number | null;
  readonly addedP99Ms: number | null;
  readonly errors: number;
}

export interface Ratio {
  readonly what: string;
  readonly value: number | null;
  readonly target: string;
  readonly met: boolean | null;
}

/** Middle value; null when there is none. */
export function median(values: readonly (number | null)[]): number | null {
  const present = values.filter((value) => value !== null).sort((a, b) => a - b);
  const upper = present[Math.floor(present.length / 2)];
  const lower = present[Math.floor((present.length - 1) / 2)];
  return upper === undefined || lower === undefined ? null : (upper + lower) / 2;
}

function sameCase(a: Measurement, b: Measurement): boolean {
  return a.system === b.system && a.kind === b.kind && a.size === b.size;
}

/** One summary for each case, in the order in which the cases were first measured. */
export function summarise(measurements: readonly Measurement[]): readonly CaseSummary[] {
  const firsts = measurements.filter((one, index) => measurements.findIndex((other) => sameCase(one, other)) === index);
  return firsts.map((first) => {
    const rounds = measurements.filter((other) => sameCase(first, other));
    const added = (pick: (one: Measurement) => number | null): number | null =>
      median(rounds.map((one) => subtract(pick(one), pickDirect(measurements, one, pick))));
    return {
      system: first.system,
      kind: first.kind,
      size: first.size,
      answersPerSecond: median(rounds.map((one) => one.answersPerSecond)) ?? 0,
      eventsPerSecond: median(rounds.map((one) => one.eventsPerSecond)) ?? 0,
      cpuMicrosecondsPerAnswer: median(rounds.map((one) => one.cpuMicrosecondsPerAnswer)),
      cpuMicrosecondsPerEvent: median(rounds.map((one) => one.cpuMicrosecondsPerEvent)),
      residentMegabytes: median(rounds.map((one) => one.residentMegabytes)),
      addedP50Ms: added((one) => one.p50Ms),
      addedP99Ms: added((one) => one.p99Ms),
      errors: rounds.reduce((sum, one) => sum + one.errors, 0),
    };
  });
}

function pickDirect(
  measurements: readonly Measurement[],
  { kind, size, round }: Measurement,
  pick: (one: Measurement) => number | null,
): number | null {
  const direct = measurements.find(
    (one) => one.system === 'direct' && one.kind === kind && one.size === size && one.round === round,
  );
  return direct === undefined ? null : pick(direct);
}

function subtract(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a - b;
}

type Figure = 'answersPerSecond' | 'cpuMicrosecondsPerAnswer' | 'cpuMicrosecondsPerEvent' | 'eventsPerSecond';

/** The comparisons that the project holds itself to, and the ones around them. */
export function ratios(measurements: readonly Measurement[]): readonly Ratio[] {
  const ratio = (
    figure: Figure,
    kind: AnswerKind,
    size: BodySize,
    over: SystemName,
    under: SystemName,
  ): number | null => ratioOfRounds(measurements, { figure, kind, size, over, under });
  const atLeast = (what: string, value: number | null, bound: number): Ratio => ({
    what,
    value,
    target: `at least ${String(bound)}`,
    met: value === null ? null : value >= bound,
  });
  const atMost = (what: string, value: number | null, bound: number): Ratio => ({
    what,
    value,
    target: `at most ${String(bound)}`,
    met: value === null ? null : value <= bound,
  });
  const told = (what: string, value: number | null): Ratio => ({ what, value, target: '', met: null });
  const translating = 'Switchyard, translating';
  return [
    atLeast(
      'requests/s, Switchyard / Portkey, JSON, small',
      ratio('answersPerSecond', 'json', 'small', 'Switchyard', 'Portkey'),
      5,
    ),
    told(
      'requests/s, Switchyard / Portkey, JSON, large',
      ratio('answersPerSecond', 'json', 'large', 'Switchyard', 'Portkey'),
    ),
    atMost(
      'CPU per request, Switchyard / bare proxy, JSON, small',
      ratio('cpuMicrosecondsPerAnswer', 'json', 'small', 'Switchyard', 'bare proxy'),
      2.5,
    ),
    told(
      'CPU per request, Switchyard / bare proxy, JSON, large',
      ratio('cpuMicrosecondsPerAnswer', 'json', 'large', 'Switchyard', 'bare proxy'),
    ),
    told(
      'CPU per request, translating / bare proxy, JSON, small',
      ratio('cpuMicrosecondsPerAnswer', 'json', 'small', translating, 'bare proxy'),
    ),
    atMost(
      'CPU per event, Switchyard / bare proxy, stream',
      ratio('cpuMicrosecondsPerEvent', 'stream', 'small', 'Switchyard', 'bare proxy'),
      3,
    ),
    told(
      'CPU per event, translating / bare proxy, stream',
      ratio('cpuMicrosecondsPerEvent', 'stream', 'small', translating, 'bare proxy'),
    ),
    told(
      'CPU per event, Portkey / bare proxy, stream',
      ratio('cpuMicrosecondsPerEvent', 'stream', 'small', 'Portkey', 'bare proxy'),
    ),
    atMost(
      'CPU per event, Switchyard / bare proxy, 5 ms stream',
      ratio('cpuMicrosecondsPerEvent', 'paced-stream', 'small', 'Switchyard', 'bare proxy'),
      3,
    ),
    told(
      'CPU per event, translating / bare proxy, 5 ms stream',
      ratio('cpuMicrosecondsPerEvent', 'paced-stream', 'small', translating, 'bare proxy'),
    ),
  ];
}

interface RatioOfRounds {
  readonly figure: Figure;
  readonly kind: AnswerKind;
  readonly size: BodySize;
  readonly over: SystemName;
  readonly under: SystemName;
}

/** The median over the rounds of the ratio within a round: a slow minute of the machine slows both and cancels out. */
function ratioOfRounds(measurements: readonly Measurement[], wanted: RatioOfRounds): number | null {
  const { figure, kind, size, over, under } = wanted;
  const rounds = [...new Set(measurements.map((one) => one.round))];
  const find = (system: SystemName, round: number): number | null =>
    measurements.find(
      (one) => one.system === system && one.kind === kind && one.size === size && one.round === round,
    )?.[figure] ?? null;
  return median(
    rounds.map((round) => {
      const above = find(over, round);
      const below = find(under, round);
      return above === null || below === null || below === 0 ? null : above / below;
    }),
  );
}
