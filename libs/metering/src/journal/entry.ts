import { isJsonObject, parseJson } from '@switchyard/contract';
import type { JsonObject, JsonValue } from '@switchyard/contract';
import type { UsageRecord } from '../record.js';
import type { Checkpoint } from './checkpoint.js';
import { readCheckpoint, readRecord } from './read-record.js';

/**
 * One payload of a journal, as read.
 *
 * - `begin` a request that is running, as its record would be if it never ended; replaces an earlier one of the same id.
 * - `withdraw` takes back a `begin` whose request was refused.
 * - `end` nothing follows: the process closed its journal.
 * - `unreadable` a payload that arrived whole but is none of these, as it stands in the file.
 */
export type Entry =
  | { readonly type: 'begin' | 'finish'; readonly record: UsageRecord }
  | { readonly type: 'checkpoint'; readonly checkpoint: Checkpoint }
  | { readonly type: 'withdraw'; readonly id: string }
  | { readonly type: 'end' }
  | { readonly type: 'unreadable'; readonly payload: string };

export const END_PAYLOAD = '{"end":true}';

export function beginPayload(record: UsageRecord): string {
  return `{"begin":${JSON.stringify(record)}}`;
}

export function finishPayload(record: UsageRecord): string {
  return `{"finish":${JSON.stringify(record)}}`;
}

export function checkpointPayload(checkpoint: Checkpoint): string {
  return `{"checkpoint":${JSON.stringify(checkpoint)}}`;
}

export function withdrawPayload(id: string): string {
  return JSON.stringify({ withdraw: id });
}

/** Never throws: what is no entry is `unreadable`. */
export function readEntry(payload: string): Entry {
  return entryOf(jsonOf(payload)) ?? { type: 'unreadable', payload };
}

function entryOf(json: JsonValue): Entry | null {
  if (!isJsonObject(json)) return null;
  if (json['begin'] !== undefined) return recordEntry('begin', json['begin']);
  if (json['finish'] !== undefined) return recordEntry('finish', json['finish']);
  if (json['checkpoint'] !== undefined) {
    const checkpoint = readCheckpoint(json['checkpoint']);
    return checkpoint === null ? null : { type: 'checkpoint', checkpoint };
  }
  return noteOf(json);
}

function noteOf({ withdraw, end }: JsonObject): Entry | null {
  if (typeof withdraw === 'string') return { type: 'withdraw', id: withdraw };
  return end === true ? { type: 'end' } : null;
}

function recordEntry(type: 'begin' | 'finish', json: JsonValue): Entry | null {
  const record = readRecord(json);
  return record === null ? null : { type, record };
}

function jsonOf(payload: string): JsonValue {
  try {
    return parseJson(payload);
  } catch {
    return null;
  }
}
