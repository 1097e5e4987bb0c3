import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { OWNER_FILE } from '../journal/owner.js';
import { segmentName, segmentNumber } from '../journal/segment-name.js';

/** Numbers of a journal's segments, ascending. One that is not there has none: somebody else removed it. */
export async function segmentsIn(directory: string): Promise<number[]> {
  const names = await readdir(directory).catch(withoutMissing([]));
  return names.flatMap((name) => segmentNumber(name) ?? []).sort((left, right) => left - right);
}

/** True for a journal, also for one whose process died before it was an owner; false for a folder of something else. */
export async function holdsJournalFilesOnly(directory: string): Promise<boolean> {
  const names = await readdir(directory).catch(withoutMissing([]));
  return names
    .map((name) => name.replace(/\.tmp$/, ''))
    .every((name) => name === OWNER_FILE || segmentNumber(name) !== null);
}

/** Bytes of all segments of a journal. */
export async function bytesIn(directory: string): Promise<number> {
  let bytes = 0;
  for (const number of await segmentsIn(directory)) {
    const found = await stat(join(directory, segmentName(number))).catch(withoutMissing(null));
    bytes += found?.size ?? 0;
  }
  return bytes;
}

/** For `catch`: what another process removed in the meantime is no error. */
export function withoutMissing<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return instead;
    throw error;
  };
}
