import { parseJson } from '@switchyard/contract';
import type { Database } from '@switchyard/database';
import type { JobReport } from './event.js';

/** The last run of a job that did its work, whichever process ran it. */
export interface LastRun {
  /** Unix milliseconds. */
  readonly ranAtMs: number;
  readonly report: JobReport;
}

export async function recordRun(database: Database, job: string, { ranAtMs, report }: LastRun): Promise<void> {
  const run = { ran_at: ranAtMs, detail: JSON.stringify(report) };
  await database.kysely
    .insertInto('maintenance')
    .values({ name: job, ...run })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(run))
    .execute();
}

/** By name of the job; for the metrics of a deployment, whose maintenance may run elsewhere. */
export async function lastRuns(database: Database): Promise<ReadonlyMap<string, LastRun>> {
  const rows = await database.kysely.selectFrom('maintenance').select(['name', 'ran_at', 'detail']).execute();
  return new Map(
    rows.map(({ name, ran_at: ranAtMs, detail }) => [
      name,
      { ranAtMs, report: (detail === null ? {} : parseJson(detail)) as JobReport },
    ]),
  );
}
