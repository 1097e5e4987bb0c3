import type { DatabaseError } from 'pg';

/** What `pg` says of a connection that broke, in errors that carry no code. */
const READ_TIMEOUT = 'Query read timeout';
const CONNECTION_MESSAGES: readonly RegExp[] = [
  new RegExp(`^${READ_TIMEOUT}$`),
  /^Connection terminated\b/,
  /^timeout exceeded when trying to connect$/,
  /^Client (has encountered a connection error|was closed) and is not queryable/,
  /^Cannot use a pool after calling end on the pool$/,
  /^Postgres connection has been discarded$/,
  /^driver has already been destroyed$/,
];

/**
 * SQLSTATE classes that a row can be the reason of: data exception, integrity constraint, program limit exceeded. See
 * PostgreSQL, appendix A. Whatever else the server says, it says of itself or of the schema.
 */
const DATA_CLASSES: ReadonlySet<string> = new Set(['22', '23', '54']);

/** SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_RANGE: the result codes that a row can be the reason of. */
const DATA_RESULTS: ReadonlySet<number> = new Set([18, 19, 20, 25]);

/**
 * True when the database is away, locked, full, out of connections, shutting down, too slow or not what was expected:
 * the same data may be taken later. False when the data is the reason, or the error is not a database's.
 */
export function isConnectionFault(error: unknown): boolean {
  if (!isError(error)) return false;
  if (isSqliteError(error)) return !DATA_RESULTS.has(error.errcode & 0xff);
  if (isServerError(error)) return !DATA_CLASSES.has(error.code.slice(0, 2));
  if ('syscall' in error || isClosedSqlite(error)) return true;
  if ('errors' in error && Array.isArray(error.errors)) return error.errors.some(isConnectionFault);
  return CONNECTION_MESSAGES.some((pattern) => pattern.test(error.message));
}

/** True when the connection is of no use any more: the server ended it, or its answer may still come to a later query. */
export function isLostConnection(error: unknown): boolean {
  if (!isError(error)) return false;
  return error.message === READ_TIMEOUT || (isServerError(error) && error.severity === 'FATAL');
}

/** By its shape: Node makes its errors outside of the context that a test runs in. */
function isError(value: unknown): value is Error {
  return typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string';
}

function isSqliteError(error: Error): error is Error & { errcode: number } {
  return 'errcode' in error && typeof error.errcode === 'number';
}

function isClosedSqlite(error: Error): boolean {
  return 'code' in error && error.code === 'ERR_INVALID_STATE';
}

function isServerError(error: Error): error is DatabaseError & { code: string } {
  return 'severity' in error && 'code' in error && typeof error.code === 'string';
}
