import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readEntry } from '../journal/entry.js';
import type { Entry } from '../journal/entry.js';
import { segmentNumber } from '../journal/segment-name.js';
import { SegmentReader } from '../shipping/segment-reader.js';

/** What a segment that nobody writes any more says. */
export async function readSegment(path: string): Promise<{ readonly payloads: string[]; readonly damages: number[] }> {
  const payloads: string[] = [];
  const damages: number[] = [];
  const reader = new SegmentReader(
    {
      payload: (payload) => payloads.push(payload),
      damage: (bytes) => damages.push(bytes),
      hasRoom: () => true,
    },
    () => 0,
  );
  await reader.read(path, true);
  await reader.close();
  return { payloads, damages };
}

/** All entries of a journal, in order. */
export async function readJournal(directory: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const name of segmentFiles(directory)) {
    const { payloads } = await readSegment(join(directory, name));
    entries.push(...payloads.map(readEntry));
  }
  return entries;
}

export function segmentFiles(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => segmentNumber(name) !== null)
    .sort();
}

/** `begin 1`, `finish 1`, `withdraw 1`, ..., with the number that the record was made of. */
export function wordsOf(entries: readonly Entry[]): string[] {
  return entries.map((entry) => {
    if ('record' in entry) return `${entry.type} ${Number.parseInt(entry.record.id, 16)}`;
    if ('checkpoint' in entry) return `${entry.type} ${Number.parseInt(entry.checkpoint.id, 16)}`;
    return 'id' in entry ? `${entry.type} ${Number.parseInt(entry.id, 16)}` : entry.type;
  });
}
