import {
  DIALECT_IDS,
  type AccountLimits,
  type Credential,
  type DataPolicy,
  type DialectId,
  type Provider,
  type Timeouts,
} from '@switchyard/contract';
import type { FaultList } from './faults.js';
import type { WrittenCredential, WrittenDataPolicy, WrittenProvider, WrittenTimeouts } from './written.js';

/** True for a dialect that Switchyard speaks. */
export function isSpoken(dialect: string): dialect is DialectId {
  return (DIALECT_IDS as readonly string[]).includes(dialect);
}

/** A provider from its entry; `null`, with a fault, when the entry does not say how or where to reach it. */
export function buildProvider(
  entry: WrittenProvider,
  dialect: DialectId,
  path: string,
  faults: FaultList,
): Provider | null {
  if (entry.base_url === undefined) {
    faults.add(`${path}.base_url`, entry.base_url, 'the base URL of the provider');
    return null;
  }
  return {
    id: entry.id,
    name: entry.name ?? entry.id,
    aliases: [...(entry.aliases ?? [])],
    dialect,
    baseUrl: entry.base_url.replace(/\/+$/, ''),
    credentials: buildCredentials(entry.credentials ?? [], path, faults),
    needsCredential: entry.needs_credential ?? true,
    dataPolicy: buildPolicy(entry.data_policy),
    profile: entry.profile ?? entry.id,
    timeouts: buildTimeouts(entry.timeouts ?? {}),
    headers: { ...entry.headers },
  };
}

/** A policy in which everything that is not stated is unknown. */
export function buildPolicy(entry: WrittenDataPolicy | undefined): DataPolicy {
  return {
    trains: entry?.trains ?? null,
    retains: entry?.retains ?? null,
    zdr: entry?.zdr ?? null,
    retentionDays: entry?.retention_days ?? null,
    regions: (entry?.regions ?? []).map((region) => region.toLowerCase()),
  };
}

/** The credentials that have a key: an empty one stands for a variable that is not set. */
function buildCredentials(
  entries: readonly WrittenCredential[],
  path: string,
  faults: FaultList,
): readonly Credential[] {
  const ids = new Set<string>();
  const credentials: Credential[] = [];
  entries.forEach((entry, index) => {
    if (ids.has(entry.id)) {
      faults.add(
        `${path}.credentials[${String(index)}].id`,
        entry.id,
        'an id that no other credential of the provider has',
      );
    }
    ids.add(entry.id);
    const apiKey = (entry.api_key ?? '').trim();
    if (apiKey === '') return;
    const limits = buildAccountLimits(entry.limits);
    credentials.push({ id: entry.id, apiKey, weight: entry.weight ?? 1, ...(limits !== null && { limits }) });
  });
  return credentials;
}

function buildAccountLimits(entry: WrittenCredential['limits']): AccountLimits | null {
  if (entry === undefined) return null;
  return {
    requestsPerMinute: entry.requests_per_minute ?? null,
    inputTokensPerMinute: entry.input_tokens_per_minute ?? null,
    outputTokensPerMinute: entry.output_tokens_per_minute ?? null,
    concurrency: entry.concurrency ?? null,
  };
}

function buildTimeouts(entry: WrittenTimeouts): Partial<Timeouts> {
  const timeouts: { -readonly [Key in keyof Timeouts]?: number } = {};
  if (entry.connect_s !== undefined) timeouts.connectMs = milliseconds(entry.connect_s);
  if (entry.headers_s !== undefined) timeouts.headersMs = milliseconds(entry.headers_s);
  if (entry.first_event_s !== undefined) timeouts.firstEventMs = milliseconds(entry.first_event_s);
  if (entry.first_event_reasoning_s !== undefined)
    timeouts.reasoningFirstEventMs = milliseconds(entry.first_event_reasoning_s);
  if (entry.progress_s !== undefined) timeouts.progressMs = milliseconds(entry.progress_s);
  if (entry.pings_s !== undefined) timeouts.pingsMs = milliseconds(entry.pings_s);
  if (entry.idle_s !== undefined) timeouts.idleMs = milliseconds(entry.idle_s);
  if (entry.total_s !== undefined) timeouts.totalMs = milliseconds(entry.total_s);
  return timeouts;
}

/** At least 1: a time-out of 0 would mean none. */
function milliseconds(seconds: number): number {
  return Math.max(1, Math.round(seconds * 1000));
}
