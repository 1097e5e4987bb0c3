import pino from 'pino';
import type { Logger as PinoLogger } from 'pino';

/** Lines wait in memory up to this size; a timer and process exit flush them. */
const BUFFER_BYTES = 12_288;
const FLUSH_MS = 200;

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
export type Logger = PinoLogger;

/** A JSON-lines logger on standard output that never blocks a request: lines are written in batches. `role` names the process. */
export function createLogger(level: LogLevel, role: string): { readonly logger: Logger; readonly flush: () => void } {
  const destination = pino.destination({ fd: 1, sync: false, minLength: BUFFER_BYTES });
  const logger = pino({ level, base: { role }, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  const timer = setInterval(() => {
    destination.flush();
  }, FLUSH_MS);
  timer.unref();
  const flush = (): void => {
    clearInterval(timer);
    try {
      destination.flushSync();
    } catch {
      // The destination opens asynchronously; a process that ends before then has written nothing worth keeping.
    }
  };
  return { logger, flush };
}
