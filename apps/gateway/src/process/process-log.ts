import { createLogger } from '@switchyard/telemetry';
import type { LogLevel, Logger } from '@switchyard/telemetry';

/** The logger of this process, as an injectable. */
export class ProcessLog {
  readonly logger: Logger;
  readonly flush: () => void;

  constructor(level: LogLevel, role: string) {
    const { logger, flush } = createLogger(level, role);
    this.logger = logger;
    this.flush = flush;
  }
}
