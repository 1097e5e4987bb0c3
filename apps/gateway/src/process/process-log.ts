import { createLogger } from '@switchyard/telemetry';
import type { LogLevel, Logger, ProcessLogger } from '@switchyard/telemetry';

/** The logger of this process, as an injectable. */
export class ProcessLog implements ProcessLogger {
  readonly logger: Logger;
  readonly logRequest: ProcessLogger['logRequest'];
  readonly flush: () => void;

  constructor(level: LogLevel, role: string) {
    const { logger, logRequest, flush } = createLogger(level, role);
    this.logger = logger;
    this.logRequest = logRequest;
    this.flush = flush;
  }
}
