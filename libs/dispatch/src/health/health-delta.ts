import type { Ejection } from './circuit.js';
import type { Refusal } from './credential-rests.js';
import { isBucket } from './sketch.js';

/** Buckets and how often values fell into them, in turn: `[bucket, count, bucket, count, ...]`. */
export type FlatSketch = readonly number[];

/** What one process saw of an endpoint since it last told. */
export interface EndpointDelta {
  readonly key: string;
  readonly passed: number;
  /** All failures that count as downtime, and those among them that are the endpoint's own fault. */
  readonly failed: number;
  readonly faults: number;
  readonly latency: FlatSketch;
  readonly throughput: FlatSketch;
}

export interface KeyedEjection extends Ejection {
  readonly key: string;
}

/** What processes tell each other of endpoints. Names of the catalogue and figures: nothing of any request. */
export interface HealthDelta {
  readonly endpoints: readonly EndpointDelta[];
  readonly ejections: readonly KeyedEjection[];
  /** Endpoints whose ejection a probe ended. */
  readonly reopened: readonly string[];
  readonly refused: readonly Refusal[];
}

/** Entries of each kind in one message: more wait for the next. */
export const DELTA_ENTRIES_MAX = 500;
const SKETCH_ENTRIES_MAX = 2_000;
const COUNT_MAX = 1e9;
const NAME_LENGTH_MAX = 512;

export function isEmptyDelta({ endpoints, ejections, reopened, refused }: HealthDelta): boolean {
  return endpoints.length + ejections.length + reopened.length + refused.length === 0;
}

/** As compact as JSON gets: lists in the place of names. */
export function writeDelta({ endpoints, ejections, reopened, refused }: HealthDelta): string {
  return JSON.stringify([
    endpoints.map(({ key, passed, failed, faults, latency, throughput }) => [
      key,
      passed,
      failed,
      faults,
      latency,
      throughput,
    ]),
    ejections.map(({ key, times, leftMs }) => [key, times, Math.ceil(leftMs)]),
    reopened,
    refused.map(({ provider, credential, leftMs }) => [provider, credential, Math.ceil(leftMs)]),
  ]);
}

/** What `writeDelta` wrote; `null` for anything else, whoever sent it. Never throws. */
export function readDelta(text: string): HealthDelta | null {
  try {
    const [endpoints, ejections, reopened, refused] = listOf(JSON.parse(text), 4);
    return {
      endpoints: entriesOf(endpoints, readEndpoint),
      ejections: entriesOf(ejections, (entry) => {
        const [key, times, leftMs] = listOf(entry, 3);
        return { key: nameFrom(key), times: countFrom(times), leftMs: countFrom(leftMs) };
      }),
      reopened: entriesOf(reopened, nameFrom),
      refused: entriesOf(refused, (entry) => {
        const [provider, credential, leftMs] = listOf(entry, 3);
        return { provider: nameFrom(provider), credential: nameFrom(credential), leftMs: countFrom(leftMs) };
      }),
    };
  } catch {
    return null;
  }
}

function readEndpoint(entry: unknown): EndpointDelta {
  const [key, passed, failed, faults, latency, throughput] = listOf(entry, 6);
  return {
    key: nameFrom(key),
    passed: countFrom(passed),
    failed: countFrom(failed),
    faults: countFrom(faults),
    latency: sketchFrom(latency),
    throughput: sketchFrom(throughput),
  };
}

function listOf(value: unknown, length: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length !== length) throw new TypeError('not a list of that length');
  return value as readonly unknown[];
}

function entriesOf<Entry>(value: unknown, read: (entry: unknown) => Entry): readonly Entry[] {
  if (!Array.isArray(value) || value.length > DELTA_ENTRIES_MAX) throw new TypeError('not a list of entries');
  return value.map((entry: unknown) => read(entry));
}

function nameFrom(value: unknown): string {
  if (typeof value !== 'string' || value.length > NAME_LENGTH_MAX) throw new TypeError('not a name');
  return value;
}

function countFrom(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > COUNT_MAX) {
    throw new TypeError('not a count');
  }
  return value;
}

function sketchFrom(value: unknown): FlatSketch {
  if (!Array.isArray(value) || value.length > SKETCH_ENTRIES_MAX || value.length % 2 !== 0) {
    throw new TypeError('not a sketch');
  }
  return value.map((number: unknown, index) => {
    if (index % 2 === 1) return countFrom(number);
    if (typeof number !== 'number' || !isBucket(number)) throw new TypeError('not a bucket');
    return number;
  });
}
