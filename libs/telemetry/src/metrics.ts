import { Counter, Gauge, Registry } from 'prom-client';
import { METRICS } from './metrics-table.js';
import type { CounterName, GaugeName, LabelsOf, MetricName, MetricRow } from './metrics-table.js';

/** One figure: the metric, its label words in the order of the table, and a value before scaling. */
export type Sample = readonly [metric: MetricName, words: readonly string[], value: number];

/** What a process counted since it last told, and how its gauges stand. Plain data, for a message between processes. */
export interface MetricsDelta {
  readonly counters: readonly Sample[];
  readonly gauges: readonly Sample[];
}

/** The `content-type` of `Metrics.render`. */
export const METRICS_CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** One combination of label words. */
interface Series {
  readonly metric: MetricName;
  readonly words: readonly string[];
  /** Of a counter: what all processes counted. */
  total: number;
  /** Of a counter: what this process counted and did not tell yet. */
  untold: number;
  /** Of a gauge: its value by process. */
  readonly values: Map<string, number>;
}

/** Stands for the process that the object lives in, among those whose gauges it knows. */
const OWN = '';

/**
 * The metrics of a process and of those whose deltas it merges. Counting is an addition; the text that Prometheus reads
 * is made when it is asked for.
 */
export class Metrics {
  /** By metric, then by label words. Complete from the start: no other series can come up. */
  private readonly series = new Map(
    Object.entries<MetricRow>(METRICS).map(([name, row]) => [name as MetricName, seriesOf(name as MetricName, row)]),
  );

  /** Adds to a counter; money in nano-USD. Throws `RangeError` when the amount is negative or not finite. */
  add<Name extends CounterName>(name: Name, labels: LabelsOf<Name>, amount = 1): void {
    const series = this.find(name, wordsOf(name, labels));
    increase(series, amount);
    series.untold += amount;
  }

  /** Sets a gauge of this process; money in nano-USD. Throws `RangeError` when the value is not finite. */
  set<Name extends GaugeName>(name: Name, labels: LabelsOf<Name>, value: number): void {
    assign(this.find(name, wordsOf(name, labels)), OWN, value);
  }

  /** What this process counted since the last call, and its gauges. */
  takeDelta(): MetricsDelta {
    const counters: Sample[] = [];
    const gauges: Sample[] = [];
    for (const series of this.all()) {
      const value = series.values.get(OWN);
      if (value !== undefined) gauges.push([series.metric, series.words, value]);
      if (series.untold === 0) continue;
      counters.push([series.metric, series.words, series.untold]);
      series.untold = 0;
    }
    return { counters, gauges };
  }

  /**
   * Takes in the delta of another process, which `source` names. A gauge is the sum over all processes, or their maximum. Throws
   * `RangeError` for a figure that the table has no place for.
   */
  merge(source: string, { counters, gauges }: MetricsDelta): void {
    for (const [metric, words, amount] of counters) increase(this.find(metric, words), amount);
    for (const [metric, words, value] of gauges) assign(this.find(metric, words), source, value);
  }

  /** Drops the gauges of a process that is gone. What it counted stays. */
  forget(source: string): void {
    for (const { values } of this.all()) values.delete(source);
  }

  /** All metrics in the text format of Prometheus. */
  render(): Promise<string> {
    const registry = new Registry();
    for (const [name, { type, help, labels, scale, merged }] of Object.entries<MetricRow>(METRICS)) {
      const labelNames = Object.keys(labels);
      const labelled = ({ words }: Series): Record<string, string> =>
        Object.fromEntries(labelNames.map((label, index) => [label, words[index] ?? '']));
      const series = [...(this.series.get(name as MetricName)?.values() ?? [])];
      const configuration = { name, help, labelNames, registers: [registry] };
      if (type === 'counter') {
        const metric = new Counter(configuration);
        for (const one of series) metric.inc(labelled(one), one.total / scale);
        continue;
      }
      const known = series.filter(({ values }) => values.size > 0);
      if (known.length === 0) continue;
      const metric = new Gauge(configuration);
      for (const one of known)
        metric.set(labelled(one), (merged === 'max' ? Math.max(...one.values.values()) : sumOf(one.values)) / scale);
    }
    return registry.metrics();
  }

  private find(name: MetricName, words: readonly string[]): Series {
    const series = this.series.get(name)?.get(words.join());
    if (series === undefined) throw new RangeError(`there is no series ${name}{${words.join()}}`);
    return series;
  }

  private *all(): Iterable<Series> {
    for (const series of this.series.values()) yield* series.values();
  }
}

/** All combinations of a metric's label words. */
function seriesOf(metric: MetricName, { labels }: MetricRow): ReadonlyMap<string, Series> {
  const combinations = Object.values(labels).reduce<readonly (readonly string[])[]>(
    (heads, words) => heads.flatMap((head) => words.map((word) => [...head, word])),
    [[]],
  );
  return new Map(
    combinations.map((words) => [
      words.join(),
      { metric, words, total: 0, untold: 0, values: new Map<string, number>() },
    ]),
  );
}

function wordsOf<Name extends MetricName>(name: Name, labels: LabelsOf<Name>): readonly string[] {
  const given = labels as Readonly<Record<string, string>>;
  return Object.keys(METRICS[name].labels).map((label) => given[label] ?? '');
}

function increase(series: Series, amount: number): void {
  if (!(amount >= 0 && amount < Infinity)) throw new RangeError(`${series.metric} cannot grow by ${String(amount)}`);
  series.total += amount;
}

function assign(series: Series, source: string, value: number): void {
  if (!Number.isFinite(value)) throw new RangeError(`${series.metric} cannot be ${String(value)}`);
  series.values.set(source, value);
}

function sumOf(values: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const value of values.values()) sum += value;
  return sum;
}
