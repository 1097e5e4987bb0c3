import { startPostgres } from '../../../../test/testing/postgres.js';
import type { TestPostgres } from '../../../../test/testing/postgres.js';

/** Runs a suite against each kind of database; `newUrl` answers a fresh database, `null` for SQLite. */
export function withEachDatabase(suite: (newUrl: () => Promise<string | null>) => void): void {
  describe('with SQLite', () => {
    suite(() => Promise.resolve(null));
  });

  describe('with PostgreSQL', () => {
    let postgres: TestPostgres;
    beforeAll(async () => {
      postgres = await startPostgres();
    });
    afterAll(() => postgres.stop());
    suite(() => postgres.createDatabase());
  });
}
