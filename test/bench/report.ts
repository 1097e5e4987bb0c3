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

type Figure = 'answersPerSecond' | 'cpuMicrosecondsPerAnswer' | 'cpuMicrosecondsPerEvent';

interface Comparison {
  readonly figure: Figure;
  readonly kind: AnswerKind;
  readonly size: BodySize;
  readonly over: SystemName;
  readonly under: SystemName;
  readonly target?: { readonly atLeast: number } | { readonly atMost: number };
}

const FIGURE_NAMES: Readonly<Record<Figure, string>> = {
  answersPerSecond: 'requests/s',
  cpuMicrosecondsPerAnswer: 'CPU per request',
  cpuMicrosecondsPerEvent: 'CPU per event',
};

const KIND_NAMES: Readonly<Record<AnswerKind, string>> = {
  json: 'JSON',
  burst: 'stream at once',
  stream: 'stream one by one',
  paced: 'stream 5 ms apart',
};

const TRANSLATING = 'Switchyard, translating';

function perStream(kind: AnswerKind): readonly Comparison[] {
  const common = { figure: 'cpuMicrosecondsPerEvent', kind, size: 'small', under: 'bare proxy' } as const;
  return [
    { ...common, over: 'Switchyard', target: { atMost: 3 } },
    { ...common, over: TRANSLATING },
    { ...common, over: 'Portkey' },
  ];
}

function perRequest(size: BodySize): readonly Comparison[] {
  const common = { figure: 'cpuMicrosecondsPerAnswer', kind: 'json', size, under: 'bare proxy' } as const;
  return [
    { ...common, over: 'Switchyard', ...(size === 'small' && { target: { atMost: 2.5 } }) },
    { ...common, over: TRANSLATING },
    { ...common, over: 'Portkey' },
  ];
}

/** What the project holds itself to, and the comparisons around it. */
const COMPARISONS: readonly Comparison[] = [
  {
    figure: 'answersPerSecond',
    kind: 'json',
    size: 'small',
    over: 'Switchyard',
    under: 'Portkey',
    target: { atLeast: 5 },
  },
  { figure: 'answersPerSecond', kind: 'json', size: 'large', over: 'Switchyard', under: 'Portkey' },
  ...perRequest('small'),
  ...perRequest('large'),
  ...perStream('burst'),
  ...perStream('stream'),
  ...perStream('paced'),
];

export function ratios(measurements: readonly Measurement[]): readonly Ratio[] {
  return COMPARISONS.map((comparison) => {
    const { figure, kind, size, over, under, target } = comparison;
    const work = kind === 'json' ? `${KIND_NAMES[kind]} ${size}` : KIND_NAMES[kind];
    const value = ratioOfRounds(measurements, comparison);
    return { what: `${FIGURE_NAMES[figure]}, ${work}: ${over} / ${under}`, value, ...judge(value, target) };
  });
}

function judge(value: number | null, target: Comparison['target']): Pick<Ratio, 'target' | 'met'> {
  if (target === undefined) return { target: '', met: null };
  const [words, met] =
    'atLeast' in target
      ? [`at least ${String(target.atLeast)}`, value !== null && value >= target.atLeast]
      : [`at most ${String(target.atMost)}`, value !== null && value <= target.atMost];
  return { target: words, met: value === null ? null : met };
}

/** The median over the rounds of the ratio within a round: a slow minute of the machine slows both and cancels out. */
function ratioOfRounds(measurements: readonly Measurement[], wanted: Comparison): number | null {
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
