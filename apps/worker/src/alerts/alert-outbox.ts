import type { AlertsSentTable, Database } from '@switchyard/database';

/** Deliveries of one alert that are tried, the first included; then it is dead. */
export const ATTEMPTS_MAX = 8;

/** Alerts inserted by one statement; SQLite takes some thirty thousand parameters. */
const INSERT_ROWS_MAX = 1_000;
/** Alerts looked at in one run. */
const DUE_ROWS_MAX = 200;
/** After the first failure, doubled after each further one. Longer than a call may take, so that no two are under way at once. */
const RETRY_FIRST_MS = 10_000;
/** The most that chance adds to a wait, so that what failed together does not come back together. */
const JITTER = 0.5;

/** Names an alert: there is one for each owner, window and threshold of a budget, whoever notices first. */
export type AlertKey = Pick<AlertsSentTable, 'level' | 'owner' | 'window_id' | 'threshold_permille'>;

/** An alert as it was noticed. */
export type NewAlert = AlertKey & Pick<AlertsSentTable, 'payload'>;

/** An alert to be delivered, and what was tried already; `sent_at` is the time of its last attempt. */
export type PendingAlert = NewAlert & Pick<AlertsSentTable, 'attempts' | 'sent_at'>;

/**
 * Budget alerts from the moment they are noticed. They stay after they were delivered or given up, because the same
 * threshold is noticed again and again until its window ends.
 */
export class AlertOutbox {
  constructor(private readonly database: Database) {}

  /** Adds those that are not there yet, and answers how many they were. */
  async add(alerts: readonly NewAlert[], nowMs: number): Promise<number> {
    let added = 0;
    for (let from = 0; from < alerts.length; from += INSERT_ROWS_MAX) {
      const rows = alerts
        .slice(from, from + INSERT_ROWS_MAX)
        .map((alert) => ({ ...alert, state: 'pending', attempts: 0, created_at: nowMs, sent_at: null }));
      const { numInsertedOrUpdatedRows } = await this.database.kysely
        .insertInto('alerts_sent')
        .values(rows)
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      added += Number(numInsertedOrUpdatedRows ?? 0);
    }
    return added;
  }

  /** Those that are due for an attempt, the longest untried first. `random` answers at least 0 and below 1. */
  async due(nowMs: number, random: () => number): Promise<PendingAlert[]> {
    const pending = await this.database.kysely
      .selectFrom('alerts_sent')
      .select(['level', 'owner', 'window_id', 'threshold_permille', 'payload', 'attempts', 'sent_at'])
      .where('state', '=', 'pending')
      .orderBy((column) => column.fn.coalesce('sent_at', column.lit(0)))
      .limit(DUE_ROWS_MAX)
      .execute();
    return pending.filter(
      ({ attempts, sent_at: sentAt }) => sentAt === null || nowMs >= sentAt + waitMs(attempts, random()),
    );
  }

  /**
   * Counts an attempt before it is made; whoever dies after this has had it. False = another process makes it, or the
   * alert is not pending any more.
   */
  async claim(alert: PendingAlert, nowMs: number): Promise<boolean> {
    const { numUpdatedRows } = await this.update(alert)
      .set({ attempts: alert.attempts + 1, sent_at: nowMs })
      .where('state', '=', 'pending')
      .where('attempts', '=', alert.attempts)
      .executeTakeFirst();
    return numUpdatedRows > 0;
  }

  /** Ends an alert. One that was given up stays as it is until an operator makes it `pending` again. */
  async end(alert: AlertKey, state: 'sent' | 'dead'): Promise<void> {
    await this.update(alert).set({ state }).execute();
  }

  /** Removes alerts of days and months that nothing can notice any more, and answers how many. */
  async forget(beforeMs: number): Promise<number> {
    const { numDeletedRows } = await this.database.kysely
      .deleteFrom('alerts_sent')
      .where('window_id', '!=', 'total')
      .where('created_at', '<', beforeMs)
      .executeTakeFirst();
    return Number(numDeletedRows);
  }

  private update({ level, owner, window_id: windowId, threshold_permille: permille }: AlertKey) {
    return this.database.kysely
      .updateTable('alerts_sent')
      .where('level', '=', level)
      .where('owner', '=', owner)
      .where('window_id', '=', windowId)
      .where('threshold_permille', '=', permille);
  }
}

function waitMs(attempts: number, spread: number): number {
  return RETRY_FIRST_MS * 2 ** (attempts - 1) * (1 + spread * JITTER);
}
