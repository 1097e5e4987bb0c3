import pino from 'pino';
import type { Logger as PinoLogger } from 'pino';
import type { RequestLine } from './request-line.js';

/** Request lines wait in memory up to this many characters, and at most this long. */
const BATCH_LENGTH_MAX = 16_384;
const FLUSH_MS = 200;
/** Bytes kept for a reader that does not read; what comes beyond is dropped rather than held without end. */
const BACKLOG_BYTES_MAX = 16 * 1024 * 1024;
const INFO = 30;

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
export type Logger = PinoLogger;

/** JSON lines on standard output. Nothing here blocks a request. */
export interface ProcessLogger {
  /** For everything but requests. */
  readonly logger: Logger;
  /**
   * Writes the line of one request. Lines go out in batches, each made by one `JSON.stringify`: at thousands a second a
   * general logger's cost per field is the largest single cost of a small request.
   */
  readonly logRequest: (line: RequestLine) => void;
  /** Writes what is waiting; for the end of the process. */
  readonly flush: () => void;
}

/** `role` names the process in every line. */
export function createLogger(level: LogLevel, role: string): ProcessLogger {
  const destination = pino.destination({ fd: 1, sync: false, maxLength: BACKLOG_BYTES_MAX });
  const logger = pino({ level, base: { role }, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  let batch = '';
  const writeBatch = (): void => {
    if (batch === '') return;
    destination.write(batch);
    batch = '';
  };
  const timer = setInterval(writeBatch, FLUSH_MS);
  timer.unref();
  const logsRequests = logger.isLevelEnabled('info');
  const clock = isoClock();
  const tail = `,"role":${JSON.stringify(role)},`;
  return {
    logger,
    logRequest: (line) => {
      if (!logsRequests) return;
      const fields = JSON.stringify(line).slice(1, -1);
      batch += `{"level":${INFO},"time":"${clock()}"${tail}${fields},"msg":"request"}\n`;
      if (batch.length > BATCH_LENGTH_MAX) writeBatch();
    },
    flush: () => {
      clearInterval(timer);
      writeBatch();
      try {
        destination.flushSync();
      } catch {
        // The destination opens asynchronously; a process that ends before then has written nothing worth keeping.
      }
    },
  };
}

/** The time as ISO 8601; formatted once per millisecond, in which thousands of requests a second end several at a time. */
function isoClock(): () => string {
  let atMs = 0;
  let text = '';
  return () => {
    const nowMs = Date.now();
    if (nowMs !== atMs) {
      atMs = nowMs;
      text = new Date(nowMs).toISOString();
    }
    return text;
  };
}
