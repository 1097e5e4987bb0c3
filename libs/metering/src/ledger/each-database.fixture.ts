import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '@switchyard/database';
import { startPostgres } from '../../../../test/testing/postgres.js';
import type { TestPostgres } from '../../../../test/testing/postgres.js';

export interface Bench {
  /** An empty database with the schema, closed after the test. */
  readonly database: () => Promise<Database>;
  /** Another set of connections to the same database. SQLite has one for all. */
  readonly again: (database: Database) => Database;
}

/** Runs a suite on SQLite and on PostgreSQL: what holds in one holds in the other. */
export function describeOnEachDatabase(title: string, suite: (bench: Bench) => void): void {
  describe(`${title}, in SQLite`, () => {
    const directory = mkdtempSync(join(tmpdir(), 'switchyard-ledger-'));
    let files = 0;
    const opened = closedAfterEach();
    afterAll(() => rmSync(directory, { recursive: true }));
    suite({
      database: async () => {
        files += 1;
        return migrated(opened(null, join(directory, `${files}.sqlite`)));
      },
      again: (database) => database,
    });
  });

  describe(`${title}, in PostgreSQL`, () => {
    let postgres: TestPostgres;
    const urls = new Map<Database, string>();
    const opened = closedAfterEach();
    beforeAll(async () => {
      postgres = await startPostgres();
    });
    afterAll(() => postgres.stop());
    suite({
      database: async () => {
        const url = await postgres.createDatabase();
        const database = opened(url, '');
        urls.set(database, url);
        return migrated(database);
      },
      again: (database) => opened(urls.get(database)!, ''),
    });
  });
}

function closedAfterEach(): (url: string | null, file: string) => Database {
  const databases: Database[] = [];
  afterEach(async () => {
    await Promise.all(databases.splice(0).map((database) => database.close()));
  });
  return (url, file) => {
    const database = Database.open({ url, file });
    databases.push(database);
    return database;
  };
}

async function migrated(database: Database): Promise<Database> {
  await database.migrate();
  return database;
}
