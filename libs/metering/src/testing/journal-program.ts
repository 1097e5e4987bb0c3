/**
 * A process that journals requests until it is killed: `node --import from-source.mjs journal-program.ts <directory>
 * <first id> <durability>`. Says on standard output what it was promised, one line each, only after the promise:
 * `b <id>` begun, `c <id> <tokens>` before a checkpoint is made, `f <id> <cost>` finished.
 */
import { writeSync } from 'node:fs';
import process from 'node:process';
import { Journal } from '../journal/journal.js';
import { usageRecord } from '../ledger/record.fixture.js';
import type { UsageRecord } from '../record.js';

const [directory = '', first = '', durability = ''] = process.argv.slice(2);
const RUNNING = 40;

const journal = Journal.open({
  directory,
  durability: durability === 'disk' ? 'disk' : 'process',
  // Small, so that many segments begin and go while it runs.
  segmentBytes: 64 * 1024,
  onFault: (error) => {
    throw error;
  },
});

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

function onceSafe(action: () => void): (error: Error | null) => void {
  return (error) => {
    if (error !== null) throw error;
    action();
  };
}

let next = Number(first);

function runRequest(): void {
  const number = next++;
  const open: UsageRecord = usageRecord(number, { status: 'orphaned', costNanoUsd: 0, costInputNanoUsd: 0 });
  journal.begin(
    open,
    onceSafe(() => {
      say(`b ${open.id}`);
      if (number % 3 === 0) journal.checkpoint({ ...open, costNanoUsd: 1 });
      // Requests overlap, and some run through many segments.
      const turns = number % 50 === 0 ? 400 : number % 7;
      afterTurns(turns, () => {
        const record = { ...usageRecord(number), costNanoUsd: number };
        journal.finish(
          record,
          onceSafe(() => {
            say(`f ${record.id}`);
            runRequest();
          }),
        );
      });
    }),
  );
}

function afterTurns(turns: number, action: () => void): void {
  if (turns === 0) action();
  else
    setImmediate(() => {
      afterTurns(turns - 1, action);
    });
}

for (let index = 0; index < RUNNING; index++) runRequest();
