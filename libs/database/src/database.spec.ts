import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { startPostgres } from '../../../test/testing/postgres.js';
import type { TestPostgres } from '../../../test/testing/postgres.js';
import { Database, isConnectionFault } from './index.js';
import type { DatabaseOptions } from './index.js';

const ALL_MIGRATIONS = ['0001_ledger', '0002_identity', '0003_maintenance', '0004_credentials', '0005_byok'];
const FROM_SOURCE = join(import.meta.dirname, '../../../test/testing/from-source.mjs');
const MIGRATE = join(import.meta.dirname, 'testing/migrate.mjs');

const directory = mkdtempSync(join(tmpdir(), 'switchyard-database-'));
const opened: Database[] = [];
let postgres: TestPostgres;
let files = 0;

beforeAll(async () => {
  postgres = await startPostgres();
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((database) => database.close()));
});

afterAll(async () => {
  await postgres.stop();
  rmSync(directory, { recursive: true });
});

const freshFile = (): string => join(directory, String((files += 1)), 'deeper', 'ledger.sqlite');

function open(options: DatabaseOptions): Database {
  const database = Database.open(options);
  opened.push(database);
  return database;
}

const faultOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe.each<[string, () => Promise<DatabaseOptions>]>([
  ['SQLite', async () => ({ url: null, file: freshFile() })],
  ['PostgreSQL', async () => ({ url: await postgres.createDatabase(), file: '' })],
])('a %s database', (_name, options) => {
  it('migrates once, and finds nothing to do the second time', async () => {
    const database = open(await options());
    expect(await database.migrate()).toEqual({ applied: ALL_MIGRATIONS });
    expect(await database.migrate()).toEqual({ applied: [] });
  });

  it('is migrated by one of several processes that start at once', async () => {
    const { url, file } = await options();
    const flags = ['--import', FROM_SOURCE, MIGRATE, url ?? '', file];
    const runs = Array.from({ length: 4 }, () => promisify(execFile)(process.execPath, flags, { env: {} }));
    const applied = (await Promise.all(runs)).flatMap(({ stdout }) => JSON.parse(stdout) as string[]);
    expect(applied).toEqual(ALL_MIGRATIONS);
  }, 60_000);

  it('is refused when a newer version wrote it, and left as it was', async () => {
    const database = open(await options());
    await database.migrate();
    await sql`insert into switchyard_migration (name, timestamp) values ('9999_later', '2099-01-01T00:00:00.000Z')`.execute(
      database.kysely,
    );
    await expect(database.migrate()).rejects.toThrow(/newer version of Switchyard: it has 9999_later/);
    await sql`delete from switchyard_migration where name = '9999_later'`.execute(database.kysely);
    expect(await database.migrate()).toEqual({ applied: [] });
  });

  it('answers whole numbers as numbers up to the last that is exact', async () => {
    const database = open(await options());
    await database.migrate();
    const setTo = (version: string): Promise<unknown> =>
      sql`update identity_version set version = ${sql.lit(version)}`.execute(database.kysely);
    const read = (): Promise<unknown> => database.kysely.selectFrom('identity_version').select('version').execute();
    await setTo(String(Number.MAX_SAFE_INTEGER));
    expect(await read()).toEqual([{ version: Number.MAX_SAFE_INTEGER }]);
    await setTo('9007199254740993');
    await expect(read()).rejects.toThrow(/9007199254740993/);
  });

  it('tells a row that cannot be from a database that cannot', async () => {
    const database = open(await options());
    const insert = (values: string): Promise<unknown> =>
      sql`insert into maintenance (name, ran_at) values ${sql.raw(values)}`.execute(database.kysely);
    expect(isConnectionFault(await faultOf(insert("('a', 1)")))).toBe(true);
    await database.migrate();
    await insert("('a', 1)");
    for (const values of ["('a', 2)", "('b', null)", "('b', 'text')"]) {
      const error = await faultOf(insert(values));
      expect([values, isConnectionFault(error), error]).toEqual([values, false, expect.anything()]);
    }
  });

  it('undoes a transaction that fails', async () => {
    const database = open(await options());
    await database.migrate();
    const work = database.kysely.transaction().execute(async (transaction) => {
      await transaction.updateTable('identity_version').set({ version: 7 }).execute();
      throw new Error('on purpose');
    });
    await expect(work).rejects.toThrow('on purpose');
    const { version } = await database.kysely.selectFrom('identity_version').selectAll().executeTakeFirstOrThrow();
    expect(version).toBe(0);
  });

  it('says after it was closed that it is away', async () => {
    const database = open(await options());
    await database.migrate();
    await database.kysely.selectFrom('tenants').selectAll().execute();
    await database.close();
    const error = await faultOf(database.kysely.selectFrom('tenants').selectAll().execute());
    expect(isConnectionFault(error)).toBe(true);
  });
});

describe('a SQLite database', () => {
  it('can be read by its owner alone, its log included', async () => {
    const file = freshFile();
    const database = open({ url: null, file });
    await database.migrate();
    await database.kysely.updateTable('identity_version').set({ version: 1 }).execute();
    const modes = [file, `${file}-wal`, `${file}-shm`].map((path) => statSync(path).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600, 0o600]);
  });

  it('is away while another process holds its lock, and back afterwards', async () => {
    const file = freshFile();
    const database = open({ url: null, file, statementTimeoutMs: 1 });
    await database.migrate();
    const other = new DatabaseSync(file);
    other.exec('begin immediate');
    const write = (): Promise<unknown> => database.kysely.updateTable('identity_version').set({ version: 1 }).execute();
    expect(isConnectionFault(await faultOf(write()))).toBe(true);
    other.exec('rollback');
    other.close();
    await write();
  });

  it('is away when its folder cannot be made', async () => {
    const file = freshFile();
    await open({ url: null, file }).migrate();
    const error = await faultOf(open({ url: null, file: join(file, 'below.sqlite') }).migrate());
    expect(isConnectionFault(error)).toBe(true);
  });
});

describe('a PostgreSQL database', () => {
  const inFlight = (database: Database): Promise<unknown> => faultOf(sql`select pg_sleep(20)`.execute(database.kysely));
  const untilBusy = async (watcher: Database): Promise<void> => {
    const sleepers = sql<{ n: number }>`
      select count(*) as n from pg_stat_activity where query like '%pg_sleep%' and state = 'active' and pid <> pg_backend_pid()`;
    while ((await sleepers.execute(watcher.kysely)).rows[0]?.n === 0);
  };

  it('takes no other kind of URL', () => {
    expect(() => Database.open({ url: 'mysql://127.0.0.1/x', file: '' })).toThrow(/postgres:\/\//);
  });

  it('connects with the first query, not before', async () => {
    const database = open({ url: 'postgres://nobody@127.0.0.1:1/none', file: '' });
    expect(isConnectionFault(await faultOf(database.migrate()))).toBe(true);
  });

  it('is named in the list of connections', async () => {
    const database = open({ url: await postgres.createDatabase(), file: '' });
    const { rows } = await sql`select current_setting('application_name') as name`.execute(database.kysely);
    expect(rows).toEqual([{ name: 'switchyard' }]);
  });

  it('gives up on a statement that takes too long', async () => {
    const database = open({ url: await postgres.createDatabase(), file: '', statementTimeoutMs: 50 });
    const error = await inFlight(database);
    expect(error).toMatchObject({ code: '57014' });
    expect(isConnectionFault(error)).toBe(true);
  });

  it('gives up on a server that falls silent, and works again when it wakes', async () => {
    const database = open({
      url: await postgres.createDatabase(),
      file: '',
      statementTimeoutMs: 50,
      maxConnections: 1,
    });
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(database.kysely);
    process.kill(rows[0]!.pid, 'SIGSTOP');
    const error = await faultOf(sql`select 1`.execute(database.kysely));
    expect(isConnectionFault(error)).toBe(true);
    const { rows: after } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(database.kysely);
    process.kill(rows[0]!.pid, 'SIGCONT');
    expect(after[0]!.pid).not.toBe(rows[0]!.pid);
  });

  it('is away when its connections are ended by the server', async () => {
    const database = open({ url: await postgres.createDatabase(), file: '' });
    const query = inFlight(database);
    await untilBusy(database);
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where query like '%pg_sleep%' and state = 'active' and pid <> pg_backend_pid()`.execute(database.kysely);
    const error = await query;
    expect(error).toMatchObject({ code: '57P01' });
    expect(isConnectionFault(error)).toBe(true);
    await sql`select 1`.execute(database.kysely);
  });

  it('is away when its server is killed under a query, an idle connection and a transaction, and back after a restart', async () => {
    const database = open({ url: await postgres.createDatabase(), file: '' });
    const transaction = await database.kysely.startTransaction().execute();
    const query = inFlight(database);
    await untilBusy(database);
    postgres.signal('SIGKILL');
    expect(isConnectionFault(await query)).toBe(true);
    expect(isConnectionFault(await faultOf(sql`select 1`.execute(transaction)))).toBe(true);
    await faultOf(transaction.rollback().execute());
    expect(isConnectionFault(await faultOf(sql`select 1`.execute(database.kysely)))).toBe(true);
    // Orphaned server processes hold the shared memory for a moment.
    while ((await faultOf(postgres.restart())) !== undefined);
    await sql`select 1`.execute(database.kysely);
  });
});
