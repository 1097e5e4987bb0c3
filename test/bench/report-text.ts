import type { CaseSummary, Ratio } from './report.ts';

type Column = readonly [title: string, cell: (summary: CaseSummary) => string];

function rounded(value: number | null, digits: number): string {
  return value === null || Number.isNaN(value) ? '-' : value.toFixed(digits);
}

const MEMORY: Column = ['memory MB', ({ residentMegabytes }) => rounded(residentMegabytes, 0)];
const ERRORS: Column = ['errors', ({ errors }) => String(errors)];

const JSON_COLUMNS: readonly Column[] = [
  ['system', ({ system }) => system],
  ['requests/s', ({ answersPerSecond }) => rounded(answersPerSecond, 0)],
  ['CPU µs/request', ({ cpuMicrosecondsPerAnswer }) => rounded(cpuMicrosecondsPerAnswer, 0)],
  ['added p50 ms', ({ addedP50Ms }) => rounded(addedP50Ms, 2)],
  ['added p99 ms', ({ addedP99Ms }) => rounded(addedP99Ms, 2)],
  MEMORY,
  ERRORS,
];

const STREAM_COLUMNS: readonly Column[] = [
  ['system', ({ system }) => system],
  ['events/s', ({ eventsPerSecond }) => rounded(eventsPerSecond, 0)],
  ['CPU µs/event', ({ cpuMicrosecondsPerEvent }) => rounded(cpuMicrosecondsPerEvent, 1)],
  MEMORY,
  ERRORS,
];

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [rows[0] ?? [], rule, ...rows.slice(1)].map(line).join('\n');
}

function section(title: string, columns: readonly Column[], summaries: readonly CaseSummary[]): string {
  const rows = [columns.map(([name]) => name), ...summaries.map((summary) => columns.map(([, cell]) => cell(summary)))];
  return `### ${title}\n\n${table(rows)}\n`;
}

/** The whole report as Markdown. */
export function reportText(machine: string, summaries: readonly CaseSummary[], ratios: readonly Ratio[]): string {
  const only = (kind: CaseSummary['kind'], size: CaseSummary['size']): readonly CaseSummary[] =>
    summaries.filter((summary) => summary.kind === kind && summary.size === size);
  const verdict = ({ met }: Ratio): string => (met === null ? '' : met ? 'met' : 'missed');
  return [
    machine,
    '',
    section('JSON, 0.3 KB body', JSON_COLUMNS, only('json', 'small')),
    section('JSON, 20 KB body', JSON_COLUMNS, only('json', 'large')),
    section('Stream of 200 events, written all at once', STREAM_COLUMNS, only('burst', 'small')),
    section('Stream of 200 events, written one by one without a pause', STREAM_COLUMNS, only('stream', 'small')),
    section('Stream of 200 events, 5 ms apart, 50 streams at a time', STREAM_COLUMNS, only('paced', 'small')),
    '### Ratios\n',
    table([
      ['ratio', 'median', 'target', ''],
      ...ratios.map((ratio) => [ratio.what, rounded(ratio.value, 2), ratio.target, verdict(ratio)]),
    ]),
    '',
  ].join('\n');
}
