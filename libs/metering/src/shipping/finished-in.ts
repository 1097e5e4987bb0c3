import { join } from 'node:path';
import { readEntry } from '../journal/entry.js';
import { segmentName } from '../journal/segment-name.js';
import type { UsageRecord } from '../record.js';
import { SegmentReader } from './segment-reader.js';
import { segmentsIn, withoutMissing } from './segments-in.js';

/** Hands on every request that finished, as far as the segments that are still there say. Throws what the file system throws. */
export async function finishedIn(directory: string, onFinished: (record: UsageRecord) => void): Promise<void> {
  for (const number of await segmentsIn(directory)) {
    const reader = new SegmentReader(
      {
        payload: (payload) => {
          const entry = readEntry(payload);
          if (entry.type === 'finish') onFinished(entry.record);
        },
        // Who ships it reports it.
        damage: () => undefined,
        hasRoom: () => true,
      },
      () => performance.now(),
    );
    try {
      await reader.read(join(directory, segmentName(number)), true).catch(withoutMissing(true));
    } finally {
      await reader.close();
    }
  }
}
