/**
 * A process that ships until it is killed: `node --import from-source.mjs shipper-program.ts <root> <database>`. Its
 * ledger is a table `records`; every orphan it was told of is a row of `orphans`.
 */
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { Shipper } from '../shipping/shipper.js';

const [root = '', path = ''] = process.argv.slice(2);
const database = new DatabaseSync(path);
database.exec(`
  pragma busy_timeout = 10000; pragma journal_mode = wal; pragma synchronous = off;
  create table if not exists records (id text primary key, status text, cost integer) without rowid;
  create table if not exists orphans (id text);
`);
const insert = database.prepare('insert into records values (?, ?, ?) on conflict do nothing');
const insertOrphan = database.prepare('insert into orphans values (?)');

const shipper = new Shipper({
  root,
  ledger: {
    insert: async (records) => {
      let inserted = 0;
      database.exec('begin immediate');
      for (const { id, status, costNanoUsd } of records)
        inserted += Number(insert.run(id, status, costNanoUsd).changes);
      database.exec('commit');
      return { inserted, duplicates: records.length - inserted };
    },
    setAside: async () => {
      throw new Error('nothing is wrong with these records');
    },
  },
  isAway: () => true,
  onFinished: () => undefined,
  onOrphan: ({ id }) => {
    insertOrphan.run(id);
  },
  onEvent: (event) => {
    if (event.type !== 'recovered') process.stderr.write(`${JSON.stringify(event)}\n`);
  },
  pollMs: 10,
});
shipper.start();
