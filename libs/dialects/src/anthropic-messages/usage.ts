import { ZERO_USAGE, isJsonObject, totalOutput } from '@switchyard/contract';
import type { JsonObject, JsonValue, Usage } from '@switchyard/contract';
import type { UsageReport } from '@switchyard/conversation';
import { isTokenCount } from '../token-counts.js';
import { arrayField, objectField, optional } from './json-fields.js';

const COUNTS = [
  'input_tokens',
  'cache_creation_input_tokens',
  'cache_read_input_tokens',
  'cache_creation.ephemeral_5m_input_tokens',
  'cache_creation.ephemeral_1h_input_tokens',
  'output_tokens',
  'output_tokens_details.thinking_tokens',
  'server_tool_use.web_search_requests',
] as const;
type CountName = (typeof COUNTS)[number];

/**
 * Token counts of one answer as its reports come in. Anthropic's counts are cumulative: a later report replaces an
 * earlier one count by count, `null` and absent counts replace nothing, and nothing is ever added up.
 */
export class UsageReader {
  private readonly counts = new Map<CountName, number>();
  private readonly suspect = new Set<string>();
  private tier: string | undefined;
  private iterations: readonly JsonValue[] = [];

  read(usage: unknown): void {
    if (!isJsonObject(usage)) return;
    for (const name of COUNTS) this.readCount(name, valueAt(usage, name));
    const iterations = arrayField(usage, 'iterations');
    if (iterations.length > 0) this.iterations = iterations;
    const tier = usage['service_tier'];
    // Anthropic calls the default tier "standard".
    if (typeof tier === 'string') this.tier = tier === 'standard' ? 'default' : tier;
  }

  /** In the neutral words: `default` for Anthropic's `standard`. */
  get serviceTier(): string | undefined {
    return this.tier;
  }

  report(): UsageReport {
    const output = this.count('output_tokens');
    const reasoning = this.part('output_tokens_details.thinking_tokens', output);
    const write = this.cacheWrite();
    const usage = {
      ...ZERO_USAGE,
      uncachedInput: this.count('input_tokens'),
      cacheRead: this.count('cache_read_input_tokens'),
      cacheWrite5m: write.short,
      cacheWrite1h: write.long,
      output: output - reasoning,
      reasoning,
      webSearches: this.count('server_tool_use.web_search_requests'),
    };
    return {
      present: this.counts.has('input_tokens') || this.counts.has('output_tokens'),
      usage: this.withIterations(usage),
      suspect: [...this.suspect],
    };
  }

  /**
   * What the totals leave out. Compactions are charged like the message itself
   * (https://platform.claude.com/docs/en/build-with-claude/compaction#understanding-usage); an advisor is charged by
   * the prices of its own model, which are not known here.
   */
  private withIterations(usage: Usage): Usage {
    let sum = usage;
    for (const iteration of this.iterations) {
      if (!isJsonObject(iteration)) continue;
      if (iteration['type'] === 'advisor_message') this.suspect.add('iterations.advisor_message');
      if (iteration['type'] !== 'compaction') continue;
      const reader = new UsageReader();
      reader.read({ ...iteration, iterations: undefined });
      const report = reader.report();
      for (const name of report.suspect) this.suspect.add(`iterations.${name}`);
      sum = sumOf(sum, report.usage);
    }
    return sum;
  }

  private readCount(name: CountName, value: unknown): void {
    if (value === undefined || value === null) return;
    const count = typeof value === 'number' && value >= 0 ? Math.trunc(value) : undefined;
    if (count !== value) this.suspect.add(name);
    if (!isTokenCount(count)) {
      this.suspect.add(name);
      return;
    }
    if (name === 'output_tokens' && count < this.count(name)) this.suspect.add(name);
    this.counts.set(name, count);
  }

  private count(name: CountName): number {
    return this.counts.get(name) ?? 0;
  }

  /** A count that is part of another one can be no larger. */
  private part(name: CountName, whole: number): number {
    if (this.count(name) > whole) this.suspect.add(name);
    return Math.min(this.count(name), whole);
  }

  /** The total is in every report, its split by lifetime often only in the first: what is not said to be long is short. */
  private cacheWrite(): { short: number; long: number } {
    const longName = 'cache_creation.ephemeral_1h_input_tokens';
    const shortName = 'cache_creation.ephemeral_5m_input_tokens';
    const total = this.counts.get('cache_creation_input_tokens') ?? this.count(longName) + this.count(shortName);
    const long = this.part(longName, total);
    return { short: total - long, long };
  }
}

function sumOf(one: Usage, other: Usage): Usage {
  const names = Object.keys(ZERO_USAGE) as (keyof Usage)[];
  return { ...ZERO_USAGE, ...Object.fromEntries(names.map((name) => [name, one[name] + other[name]])) };
}

function valueAt(usage: JsonObject, name: CountName): unknown {
  const [outer, inner] = name.split('.') as [string, string | undefined];
  return inner === undefined ? usage[outer] : objectField(usage, outer)?.[inner];
}

/** Usage in Anthropic's words. Its `input_tokens` leaves out what the cache served or took. */
export function writeUsage(report: UsageReport, serviceTier: string | undefined): JsonObject {
  const usage = report.usage;
  return {
    input_tokens: usage.uncachedInput + usage.audioInput,
    cache_creation_input_tokens: usage.cacheWrite5m + usage.cacheWrite1h,
    cache_read_input_tokens: usage.cacheRead,
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cacheWrite5m,
      ephemeral_1h_input_tokens: usage.cacheWrite1h,
    },
    output_tokens: totalOutput(usage),
    ...optional('output_tokens_details', usage.reasoning > 0 ? { thinking_tokens: usage.reasoning } : undefined),
    ...optional('server_tool_use', usage.webSearches > 0 ? { web_search_requests: usage.webSearches } : undefined),
    ...optional('service_tier', serviceTier === 'default' ? 'standard' : serviceTier),
  };
}
